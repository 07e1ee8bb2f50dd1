//! The server to compare with: axum, the same token check, the same JSON, a `202`, and nothing stored.

use axum::Router;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use clap::Args;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

const SECRET: &[u8] = b"a secret of thirty-two bytes....";

#[derive(Args)]
pub(crate) struct Options {
    #[arg(long)]
    listen: String,
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    iss: String,
    aud: String,
    iat: u64,
    exp: u64,
}

#[derive(Deserialize)]
struct Ping {
    app_name: String,
    url: Option<String>,
    start_time: String,
    end_time: String,
}

#[derive(Serialize)]
struct Receipt {
    status: &'static str,
    accepted: usize,
    rejected: [u8; 0],
}

struct Keys {
    decoding: DecodingKey,
    validation: Validation,
}

/// A token the server takes.
pub(crate) fn token() -> Result<String, Failure> {
    let claims = Claims {
        sub: "0192f0c1-0000-7000-8000-000000000001".into(),
        sid: "0192f0c1-0000-7000-8000-000000000002".into(),
        iss: "dayline".into(),
        aud: "dayline".into(),
        iat: 1_700_000_000,
        exp: 4_000_000_000,
    };
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET))?)
}

pub(crate) async fn serve(options: Options) -> Result<(), Failure> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&["dayline"]);
    validation.set_issuer(&["dayline"]);
    let keys = Keys { decoding: DecodingKey::from_secret(SECRET), validation };
    let router =
        Router::new().route("/api/v1/usage/track", post(track)).with_state(std::sync::Arc::new(keys));
    let listener = tokio::net::TcpListener::bind(&options.listen).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn track(
    State(keys): State<std::sync::Arc<Keys>>,
    headers: HeaderMap,
    Json(ping): Json<Ping>,
) -> Result<(StatusCode, Json<Receipt>), StatusCode> {
    let bearer =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = bearer.ok_or(StatusCode::UNAUTHORIZED)?;
    jsonwebtoken::decode::<Claims>(token, &keys.decoding, &keys.validation)
        .map_err(|_| StatusCode::UNAUTHORIZED)?;
    if ping.app_name.is_empty() || ping.end_time < ping.start_time || ping.url.as_deref() == Some("") {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    Ok((StatusCode::ACCEPTED, Json(Receipt { status: "queued", accepted: 1, rejected: [] })))
}
