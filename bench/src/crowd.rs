//! People who are put straight into the database, with access tokens signed by the server's own key: through the API each
//! would cost two password hashes, half an hour for 100,000. To the server they are people like all others.

use std::sync::Arc;

use dayline_app::ports::{AccessClaims, AccessTokens};
use dayline_domain::{DeviceId, SessionId, UserId, UtcMs};
use dayline_local::{JwtAccessTokens, read_keys};

use crate::clock::now;
use crate::database::Sql;
use crate::failure::Failure;
use crate::server::Server;

/// Their identities are this and their number.
const FIRST: u128 = 0x0192_f0c1_0000_7000_8000_0000_0000_0000;
/// How long their tokens are good, in milliseconds.
const A_DAY: i64 = 86_400_000;

/// Makes so many people, once for a server; gives their access tokens.
pub(crate) async fn gather(server: &Server, people: usize) -> Result<Vec<String>, Failure> {
    let last = people.max(1);
    server
        .database()
        .run(Sql {
            sqlite: format!(
                "WITH RECURSIVE person (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM person WHERE n < {last})
                 INSERT INTO users (id, email, email_key, password_hash, full_name, timezone, created_ms, updated_ms)
                 SELECT unhex(printf('{prefix}%010x', n)), printf('crowd%d@example.org', n),
                   printf('crowd%d@example.org', n), '-', 'One of many', 'UTC', 0, 0 FROM person",
                prefix = prefix()
            ),
            postgres: format!(
                "INSERT INTO users (uuid, email, email_key, password_hash, full_name, timezone, created_at, updated_at)
                 SELECT ('{prefix}' || lpad(to_hex(n), 10, '0'))::uuid, 'crowd' || n || '@example.org',
                   'crowd' || n || '@example.org', '-', 'One of many', 'UTC', now(), now()
                 FROM generate_series(1, {last}) AS n; ANALYZE users",
                prefix = prefix()
            ),
        })
        .await?;
    let tokens = JwtAccessTokens::new(&read_keys(&server.keys_file())?);
    let device = Arc::new(DeviceId::new("bench").map_err(|_| "the device's name is not good")?);
    let issued_at = UtcMs(now() * 1_000);
    let token = |number: u128| {
        let claims = AccessClaims {
            user: identity(number),
            session: SessionId::from_bits(FIRST + number),
            device: Arc::clone(&device),
            issued_at,
            expires_at: issued_at.plus(A_DAY),
        };
        tokens.issue(&claims).map_err(|error| error.to_string().into())
    };
    (1..=last as u128).map(token).collect()
}

/// Who that is, counted from 1.
pub(crate) fn identity(number: u128) -> UserId {
    UserId::from_bits(FIRST + number)
}

/// What statements write before ten hexadecimal digits of the number.
pub(crate) fn prefix() -> String {
    format!("{FIRST:032x}")[..22].to_owned()
}
