//! The ping log in Kafka, in a build that has none: what to do about that.

use std::sync::Arc;

use dayline_app::ports::LedgerWriter;
use dayline_cli_kit::failure::Failure;

use crate::closed_log::ClosedLog;
use crate::config::{KafkaOptions, ServeOptions};

/// As in a build that has it.
#[expect(clippy::unused_async, reason = "as in a build that has it")]
pub(crate) async fn make_topic(_: &str, _: &KafkaOptions, _: u32) -> Result<bool, Failure> {
    Err(missing())
}

/// As in a build that has it.
#[expect(clippy::unused_async, reason = "as in a build that has it")]
pub(super) async fn open(_: &str, _: &ServeOptions, _: Arc<dyn LedgerWriter>) -> Result<ClosedLog, Failure> {
    Err(missing())
}

fn missing() -> Failure {
    Failure::usage(
        "this program was built without kafka: leave out --kafka-brokers (DAYLINE_KAFKA_BROKERS), or build it with \
         `cargo build --release --features kafka`; the container image has it",
    )
}
