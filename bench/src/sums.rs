//! Whether all that was accepted is in the ledger: the reports of all people, added up.

use crate::client::get;
use crate::clock::date;
use crate::failure::Failure;
use crate::outcomes::Outcomes;
use crate::server::Server;

/// What the ledger must hold, in seconds. The most is what was accepted and all requests that nobody knows about, or whose
/// gap between two accepted ones the rule closes.
#[derive(Default)]
pub(crate) struct Expected {
    least: f64,
    most: f64,
    /// Pings that were accepted.
    pub(crate) pings: u64,
}

impl Expected {
    /// Adds a load whose requests hold so many pings of so many seconds. `bridged`: a refused ping is a gap that is
    /// closed if its neighbours were accepted.
    pub(crate) fn add(&mut self, load: &Outcomes, pings: u64, seconds: u64, bridged: bool) {
        let open = load.lost + if bridged { load.sent() - load.lost - load.count(202) } else { 0 };
        let accepted = load.count(202) * pings;
        self.pings += accepted;
        self.least += (accepted * seconds) as f64;
        self.most += ((accepted + open * pings) * seconds) as f64;
    }

    /// Waits until everything is in the ledger, and adds the reports of all people up. Gives a remark, or what is
    /// missing as a failure.
    pub(crate) async fn check(
        &self,
        server: &Server,
        tokens: &[String],
        (from, to): (i64, i64),
    ) -> Result<String, Failure> {
        server.wait_until_processed(self.pings as usize).await?;
        let path = format!("/api/v1/report/days?from={}&to={}&tz=UTC", date(from), date(to));
        let (mut connection, mut sum) = (server.connect().await?, 0.0);
        for token in tokens {
            let report = connection.json(&get(&path, Some(token))).await?;
            sum += report["total_seconds"].as_f64().ok_or("a report has no total_seconds")?;
        }
        // All times are whole seconds, so that sums of them are exact.
        if sum < self.least || sum > self.most {
            return Err(format!(
                "the ledger holds {sum} s; what was accepted is {} to {} s",
                self.least, self.most
            )
            .into());
        }
        Ok(format!("{sum} s in the ledger, {} s accepted", self.least))
    }
}
