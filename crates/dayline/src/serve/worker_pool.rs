//! The workers of this process: one for each partition it has a lease on, coming and going with the leases, on threads
//! of their own, so that a long step of theirs never keeps a request waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{Partition, Randomness};
use dayline_app::tracking::worker::Worker;
use dayline_http_kit::Metrics;
use tokio::runtime::Runtime;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::process;
use super::progress::Progress;
use super::worker::{Driver, GRACE, Place};
use crate::wire;
use dayline_cli_kit::failure::Failure;

/// The running workers.
pub(super) struct RunningPool {
    stop: CancellationToken,
    leader: JoinHandle<Result<(), JoinError>>,
    runtime: Runtime,
}

impl RunningPool {
    /// Starts them. One that ends by itself stops the server: without it timelines would stand still.
    pub(super) fn start(
        pool: wire::WorkerPool,
        threads: Option<u16>,
        randomness: Arc<dyn Randomness>,
        metrics: Metrics,
        progress: Arc<Progress>,
        server: &CancellationToken,
    ) -> Result<Self, Failure> {
        let runtime = process::worker_runtime(pool.ports.log.partitions(), threads)?;
        let stop = CancellationToken::new();
        let leader = Leader {
            pool,
            randomness,
            metrics,
            progress,
            stop: stop.clone(),
            workers: BTreeMap::new(),
            running: JoinSet::new(),
        };
        let at_end = server.clone().drop_guard();
        let leader = runtime.spawn(async move {
            let _at_end = at_end;
            leader.run().await
        });
        Ok(Self { stop, leader, runtime })
    }

    /// Lets each commit what it has, and others take over. An error if one had ended before, by a bug.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.stop.cancel();
        // A little more than each worker gives itself.
        let outcome = timeout(GRACE + Duration::from_millis(1_500), self.leader).await;
        self.runtime.shutdown_background();
        match outcome {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(_) => Err(Failure::new("a worker stopped by a bug; see the log")),
            Err(_) => {
                tracing::warn!("a worker did not stop in time; the next start goes on where it was");
                Ok(())
            }
        }
    }
}

struct Leader {
    pool: wire::WorkerPool,
    randomness: Arc<dyn Randomness>,
    metrics: Metrics,
    progress: Arc<Progress>,
    /// The server stops.
    stop: CancellationToken,
    /// Tells the worker of a partition to end.
    workers: BTreeMap<Partition, CancellationToken>,
    running: JoinSet<()>,
}

impl Leader {
    async fn run(mut self) -> Result<(), JoinError> {
        let outcome = self.follow_leases().await;
        while let Some(ended) = self.running.join_next().await {
            ended?;
        }
        self.pool.leases.release().await;
        outcome
    }

    /// Has the workers that the leases say, until the server stops or a worker fails.
    async fn follow_leases(&mut self) -> Result<(), JoinError> {
        let leases = Arc::clone(&self.pool.leases);
        let mut held = BTreeSet::new();
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(()),
                Some(ended) = self.running.join_next() => ended?,
                now = leases.changed(&held) => {
                    held = now;
                    self.have_workers_for(&held);
                }
            }
        }
    }

    fn have_workers_for(&mut self, held: &BTreeSet<Partition>) {
        self.workers.retain(|partition, stop| {
            let stays = held.contains(partition);
            if !stays {
                stop.cancel();
            }
            stays
        });
        for &partition in held {
            if !self.workers.contains_key(&partition) {
                self.start(partition);
            }
        }
        self.metrics.set_leases_held(held.len());
        tracing::info!(partitions = held.len(), "works on timelines");
    }

    fn start(&mut self, partition: Partition) {
        let worker = Worker::new(self.pool.ports.clone(), partition, self.pool.limits);
        let place = Place { partition, progress: Arc::clone(&self.progress) };
        let driver = Driver::new(worker, Arc::clone(&self.randomness), self.metrics.clone(), place);
        let stop = self.stop.child_token();
        self.running.spawn(driver.run(stop.clone(), self.stop.clone()));
        self.workers.insert(partition, stop);
    }
}
