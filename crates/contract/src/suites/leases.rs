//! What all leases keep: the partitions are shared out, all of them, fairly, and again when
//! somebody comes or goes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{BoxFuture, Leases, Partition};

use super::Fact;

/// Leases as the processes that share a log see them.
pub struct Subject {
    /// How many partitions there are; at least 3.
    pub partitions: u32,
    /// The first process, alone so far.
    pub first: Arc<dyn Leases>,
    /// Lets another process join; `None` if the adapter is for one process only.
    pub join: Option<Join>,
}

/// Lets another process join.
pub type Join = Box<dyn Fn() -> BoxFuture<'static, Arc<dyn Leases>> + Send + Sync>;

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Subject>] = &[
    Fact::new("who_is_alone_gets_all_partitions", |s| Box::pin(who_is_alone_gets_all_partitions(s))),
    Fact::new("who_releases_has_none_for_good", |s| Box::pin(who_releases_has_none_for_good(s))),
    Fact::new("all_partitions_are_shared_out_evenly", |s| Box::pin(all_partitions_are_shared_out_evenly(s))),
    Fact::new("what_one_releases_others_get", |s| Box::pin(what_one_releases_others_get(s))),
];

type Held = BTreeSet<Partition>;

async fn who_is_alone_gets_all_partitions(Subject { partitions, first, .. }: Subject) {
    until(&*first, |held| *held == all(partitions)).await;
}

async fn who_releases_has_none_for_good(Subject { partitions, first, .. }: Subject) {
    until(&*first, |held| *held == all(partitions)).await;
    first.release().await;
    assert_eq!(soon(first.changed(&all(partitions))).await, Held::new());
    first.release().await;
    let again = tokio::time::timeout(Duration::from_millis(200), first.changed(&Held::new())).await;
    assert!(again.is_err(), "has {again:?} again");
}

async fn all_partitions_are_shared_out_evenly(Subject { partitions, first, join }: Subject) {
    let Some(join) = join else { return };
    let workers = [first, join().await, join().await];
    let least = partitions as usize / 3;
    // The last to get its share gets it when the others have given it up; nothing moves after that.
    let fair = |held: &Held| (least..=least + 1).contains(&held.len());
    loop {
        let mut shares = Vec::new();
        for worker in &workers {
            shares.push(until(&**worker, fair).await);
        }
        if shares.iter().map(Held::len).sum::<usize>() == partitions as usize {
            assert_eq!(shares.into_iter().flatten().collect::<Held>(), all(partitions));
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn what_one_releases_others_get(Subject { partitions, first, join }: Subject) {
    let Some(join) = join else { return };
    let second = join().await;
    until(&*second, |held| !held.is_empty()).await;
    first.release().await;
    until(&*second, |held| *held == all(partitions)).await;
}

fn all(partitions: u32) -> Held {
    (0..partitions).map(Partition).collect()
}

/// Waits until what is held is as wanted.
async fn until(leases: &dyn Leases, wanted: impl Fn(&Held) -> bool) -> Held {
    let mut held = Held::new();
    while !wanted(&held) {
        held = soon(leases.changed(&held)).await;
    }
    held
}

/// Bounds what should not take long; far above what a busy machine needs.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("takes too long")
}

#[cfg(test)]
mod tests {
    use crate::fakes::FakeLeases;
    use crate::suites::prove;

    use super::*;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        let fresh = async || Subject { partitions: 5, first: Arc::new(FakeLeases::on_all(5)), join: None };
        prove(FACTS, fresh).await;
    }
}
