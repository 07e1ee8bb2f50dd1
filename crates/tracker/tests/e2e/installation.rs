//! A tracker, the server that it tells, and the network between them.

use std::path::Path;

use dayline_testkit::Process;

use crate::dayline::Dayline;
use crate::network::Network;
use crate::tracker::Tracker;

/// A person's tracker, with a server of its own.
pub(crate) struct Installation {
    pub(crate) dayline: Dayline,
    pub(crate) network: Network,
    pub(crate) tracker: Tracker,
}

impl Installation {
    /// With this configuration file of the tracker.
    pub(crate) async fn new(program: &Path, config: &str) -> Self {
        let dayline = Dayline::start(program).await;
        let network = Network::to(dayline.port()).await;
        let tracker = Tracker::new(config);
        dayline.let_in(&tracker.data(), &network.url()).await;
        Self { dayline, network, tracker }
    }

    /// Starts the tracker, and waits until it looks at the desktop.
    pub(crate) fn start_tracker(&self, display: (&str, &str)) -> Process {
        let looks = || self.tracker.log().matches("looking which app is in front").count();
        let before = looks();
        let mut process = self.tracker.start(Some(display));
        process.until(|| looks() > before);
        process
    }
}
