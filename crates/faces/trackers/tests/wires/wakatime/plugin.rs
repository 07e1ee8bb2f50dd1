//! A plug-in of an editor, and what it sends.

use axum::body::Body;
use axum::extract::Request;
use dayline_app::identity::caller::Caller;
use dayline_app::identity::key_text::KeyFormat;
use dayline_app::ports::{AppendError, Partition, Payload, PingLog, Position};
use dayline_domain::Scope;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{MINUTE, Server, basic};

/// Where plug-ins send bulks.
pub(crate) const BULK: &str = "/api/v1/users/current/heartbeats.bulk";
/// What the Go client with VS Code says of itself.
pub(crate) const VSCODE: &str =
    "wakatime/v1.90.0 (linux-6.1.0-unknown) go1.27.3 vscode/1.95.0 vscode-wakatime/25.0.0";
/// What the Python client with vim says of itself.
pub(crate) const VIM: &str =
    "wakatime/13.1.0 (Linux-6.1.0-x86_64-with-glibc2.34) Python3.8.18.final.0 vim/9.0 vim-wakatime/11.1.1";
/// [`MINUTE`] in seconds.
pub(crate) const BEGIN: f64 = 1_795_441_920.0;

/// Somebody with a key that tracks and reads.
pub(crate) struct Person {
    pub(crate) caller: Caller,
    pub(crate) key: String,
}

/// Registers somebody.
pub(crate) async fn person(server: &Server, name: &str) -> Person {
    let caller = server.person(name).await;
    let key = server.key(&caller, KeyFormat::Uuid, &[Scope::Track, Scope::Read]).await;
    Person { caller, key }
}

/// An answer, which is JSON whatever the status: clients need that.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// A request being made.
pub(crate) struct Call<'a> {
    server: &'a Server,
    parts: http::request::Parts,
    body: Body,
}

pub(crate) fn call<'a>(server: &'a Server, method: Method, path: &str) -> Call<'a> {
    let (mut parts, body) = Request::new(Body::empty()).into_parts();
    (parts.method, parts.uri) = (method, path.parse().unwrap());
    Call { server, parts, body }
}

pub(crate) fn post<'a>(server: &'a Server, path: &str) -> Call<'a> {
    call(server, Method::POST, path)
}

pub(crate) fn get<'a>(server: &'a Server, path: &str) -> Call<'a> {
    call(server, Method::GET, path)
}

/// Sends a body as the Go client of VS Code does.
pub(crate) async fn bulk(server: &Server, person: &Person, body: &Value) -> Reply {
    post(server, BULK).of(person).header("user-agent", VSCODE).body(body.to_string()).send().await
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.parts.headers.append(name, value.parse().unwrap());
        self
    }

    /// With the key alone in a Basic credential, as clients send it.
    pub(crate) fn of(self, person: &Person) -> Self {
        self.basic(&person.key)
    }

    pub(crate) fn basic(self, plain: &str) -> Self {
        self.header("authorization", &basic(plain))
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) async fn send(self) -> Reply {
        let reply = self.server.send(Request::from_parts(self.parts, self.body)).await;
        assert_eq!(reply.headers["content-type"], "application/json", "{reply:?}");
        let body = reply.json();
        Reply { status: reply.status, headers: reply.headers, body }
    }
}

impl Reply {
    /// Fails unless every heartbeat was taken, which is said of each by itself and in one way only.
    pub(crate) fn assert_taken(&self, heartbeats: usize) {
        assert_eq!(self.status, StatusCode::CREATED, "{self:?}");
        let pair = json!([{"data": null, "error": null}, 201]);
        assert_eq!(self.body, json!({"responses": vec![pair; heartbeats]}));
    }
}

/// A heartbeat of a file, so many seconds after [`MINUTE`].
pub(crate) fn file(at: f64, project: &str) -> Value {
    json!({"branch": "master", "category": "coding", "cursorpos": 3, "entity": "proj/main.py", "type": "file",
        "is_write": true, "language": "Python", "lineno": 2, "lines": 2, "project": project,
        "project_root_count": 4, "time": BEGIN + at, "user_agent": VSCODE})
}

/// Lets the log take nothing, or take all again.
pub(crate) fn let_log_be_full(server: &Server, full: bool) {
    server.fake.log.refuse(full.then_some(AppendError::Full { retry_after_s: 1 }));
}

/// What waits in the log, as text where it is one.
pub(crate) async fn waiting(server: &Server) -> Vec<String> {
    let read = server.fake.log.read_after(Partition(0), Position::START, usize::MAX).await.unwrap();
    let text = |payload: &Payload| match payload {
        Payload::Records(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Payload::Damaged { reason, .. } => panic!("{reason}"),
    };
    read.entries.iter().map(|entry| text(&entry.payload)).collect()
}

/// What somebody's timeline has: device, app, domain, project and language, and from and to when in seconds after
/// [`MINUTE`].
pub(crate) async fn timeline(server: &Server, person: &Person) -> Vec<String> {
    let pieces = server.pieces(&person.caller).await.0;
    let told = pieces.iter().map(|piece| {
        let names = piece.source.names().map(|name| name.unwrap_or("-"));
        let [from, to] =
            [piece.interval.start(), piece.interval.end()].map(|at| at.since(MINUTE) as f64 / 1_000.0);
        format!("{} {from}..{to}", names.join(" "))
    });
    told.collect()
}
