//! What every store says about time.

use dayline_domain::UtcMs;

use super::Fact;
use super::store::{NOW, StorePorts, session};
use super::worked_day::{DAY, first, piece};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("an_empty_store_contradicts_no_clock", |s| Box::pin(an_empty_store_contradicts_no_clock(s))),
    Fact::new("without_a_ping_accounts_and_sessions_tell_the_newest_moment", |s| {
        Box::pin(without_a_ping_accounts_and_sessions_tell_the_newest_moment(s))
    }),
    Fact::new("the_newest_day_with_pings_tells_the_newest_moment_whatever_servers_wrote", |s| {
        Box::pin(the_newest_day_with_pings_tells_the_newest_moment_whatever_servers_wrote(s))
    }),
];

async fn known_since(store: &StorePorts, since: UtcMs) -> bool {
    store.time.has_moment_since(since).await.unwrap()
}

async fn an_empty_store_contradicts_no_clock(store: StorePorts) {
    assert!(known_since(&store, NOW).await);
}

async fn without_a_ping_accounts_and_sessions_tell_the_newest_moment(store: StorePorts) {
    let user = store.register(1).await;
    assert!(known_since(&store, user.updated_at).await);
    assert!(!known_since(&store, user.updated_at.plus(1)).await);
    let mut session = session(user.id, 1);
    session.last_used_at = user.updated_at.plus(1_000);
    let used_at = session.last_used_at;
    store.sign_in(session).await;
    assert!(known_since(&store, used_at).await);
    assert!(!known_since(&store, used_at.plus(1)).await);
}

async fn the_newest_day_with_pings_tells_the_newest_moment_whatever_servers_wrote(store: StorePorts) {
    let user = store.register(1).await;
    store.write(user.id, [first(&[piece("Code", 0, 60)])]).await;
    let mut session = session(user.id, 1);
    session.last_used_at = DAY.start().plus(400 * 86_400_000);
    store.sign_in(session).await;
    let end = DAY.interval().end();
    assert!(known_since(&store, DAY.start()).await);
    assert!(known_since(&store, end.plus(-1)).await);
    assert!(!known_since(&store, end).await);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fakes::FakeStore;
    use crate::suites::prove;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || StorePorts::of(Arc::<FakeStore>::default())).await;
    }
}
