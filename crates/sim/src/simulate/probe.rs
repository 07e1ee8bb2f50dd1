//! Measures how long a ping takes from its 202 to its place in the timeline: one more person, who looks.

use std::time::Duration;

use dayline_domain::UtcMs;
use tokio::time::{Instant, interval, sleep, timeout};

use super::run::Run;
use crate::client::wire::{Body, Format, Ping, Seen};
use crate::client::{Device, Refusal};
use dayline_cli_kit::units::rfc3339;

const EVERY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// After this long a ping that is not seen is no measurement; whether it is lost is for the checker to say.
const GIVE_UP: Duration = Duration::from_secs(30);

/// Measures for as long as it is polled. What fails because the server is away is left out.
pub(super) async fn watch(run: &Run, device: &Device, start: UtcMs) {
    let mut ticks = interval(EVERY);
    for number in 0.. {
        ticks.tick().await;
        // Each ping is far enough from the one before to stand alone, and in the past from the first on.
        let at = start.plus(-86_400_000 + number * 60_000);
        if let Ok(Ok(lag)) = timeout(GIVE_UP, measure(device, at)).await {
            run.stats.lag.add(lag);
        }
    }
}

async fn measure(device: &Device, at: UtcMs) -> Result<Duration, Refusal> {
    let (from, to) = (rfc3339(at), rfc3339(at.plus(1_000)));
    let ping = Ping::new(Seen::of_use("Probe"), at, at.plus(1_000));
    let unreadable = |error: serde_json::Error| Refusal::Unreadable(error.to_string());
    device.track(&Body::new(&[ping], Format::Object).map_err(unreadable)?).await?;
    let accepted = Instant::now();
    while device.timeline(&from, &to).await?.intervals.is_empty() {
        sleep(LOOK_EVERY).await;
    }
    Ok(accepted.elapsed())
}
