//! Rotating the refresh token of a session.
//! Not here: when a refresh token is good (the domain's [`Session::judge`]).

use std::net::IpAddr;

use dayline_domain::identity::session::RefreshDecision;
use dayline_domain::{Session, UtcMs};

use crate::identity::audit::audit;
use crate::identity::network::{coarse, limited_by};
use crate::identity::revocation::revoke_sessions;
use crate::identity::tokens::{Tokens, tokens_for};
use crate::ports::{AuditKind, IssuedRefresh, Limit, PresentedRefresh};
use crate::{App, AppError};

/// How often a refresh that lost a race reads again before it gives up.
const REFRESH_TRIES: usize = 4;

/// Rotates a refresh token. A retry with the previous token gets the same successor again while that
/// is fresh; later, and for an older token, the session ends. In maintenance it goes on with the token
/// that it has.
pub async fn refresh(app: &App, token: &str, address: Option<IpAddr>) -> Result<Tokens, AppError> {
    if let Some(address) = address {
        app.limits.count(Limit::RefreshPerAddress, limited_by(address)).await??;
    }
    let presented = app.refresh_tokens.open(token).ok_or(AppError::SessionRevoked)?;
    if app.rules.maintenance {
        return go_on(app, token, &presented).await;
    }
    for _ in 0..REFRESH_TRIES {
        let now = app.clock.now();
        let session = app.sessions.find(presented.session).await?.ok_or(AppError::SessionRevoked)?;
        let successor = app.refresh_tokens.successor(&presented);
        match session.judge(presented.generation, &presented.hash, now, &app.rules.sessions) {
            RefreshDecision::Repeat => return tokens_for(app, &session, successor, now),
            RefreshDecision::Rotate => {
                let rotated =
                    session.rotated(successor.hash, now, address.map(|address| coarse(address).into()));
                if app.sessions.rotate(session.generation, rotated.clone()).await? {
                    return tokens_for(app, &rotated, successor, now);
                }
                // Somebody else was faster: read again, it is a retry now.
            }
            RefreshDecision::LostOrCopied => {
                return end_reused(app, &session, AuditKind::LostAnswerOrCopy, now, address).await;
            }
            RefreshDecision::Reused => {
                return end_reused(app, &session, AuditKind::TokenReused, now, address).await;
            }
            RefreshDecision::Expired => {
                // A wrong clock must not end what it takes for expired.
                if !app.clock_check.is_in_doubt(now) {
                    end_own(app, &session, now).await?;
                }
                return Err(AppError::SessionRevoked);
            }
            RefreshDecision::Unknown => return Err(AppError::SessionRevoked),
        }
    }
    Err(AppError::Unavailable("refresh lost every race".into()))
}

/// Lets a session go on without writing anything. Nobody is refused for good: the store may have less of
/// the session than it will.
async fn go_on(app: &App, token: &str, presented: &PresentedRefresh) -> Result<Tokens, AppError> {
    let now = app.clock.now();
    let session = app.sessions.find(presented.session).await?.ok_or(AppError::Maintenance)?;
    let refresh = match session.judge(presented.generation, &presented.hash, now, &app.rules.sessions) {
        RefreshDecision::Repeat => app.refresh_tokens.successor(presented),
        RefreshDecision::Rotate => IssuedRefresh { text: token.to_owned(), hash: presented.hash },
        RefreshDecision::LostOrCopied
        | RefreshDecision::Reused
        | RefreshDecision::Expired
        | RefreshDecision::Unknown => return Err(AppError::Maintenance),
    };
    tokens_for(app, &session, refresh, now)
}

/// Ends a session whose token may be in somebody else's hands.
async fn end_reused(
    app: &App,
    session: &Session,
    kind: AuditKind,
    now: UtcMs,
    address: Option<IpAddr>,
) -> Result<Tokens, AppError> {
    end_own(app, session, now).await?;
    audit(app, session.user, kind, Some(session.device.as_str()), address).await?;
    Err(AppError::TokenReused)
}

async fn end_own(app: &App, session: &Session, now: UtcMs) -> Result<(), AppError> {
    app.sessions.end(session.user, session.id, now).await?;
    revoke_sessions(app, vec![session.id]).await
}
