//! `dayline simulate` alongside servers that are being tormented, one for each API process of an installation.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr};
use std::time::Duration;

use super::command::dayline;
use super::server::Installation;

/// Trackers that send.
pub(crate) struct Simulation {
    running: Vec<(Child, BufReader<ChildStderr>)>,
}

impl Simulation {
    /// Starts to send for so long with 20 people, and returns when all are signed in.
    pub(crate) fn start(
        installation: &Installation,
        duration: Duration,
        seed: u64,
        options: &[&str],
    ) -> Self {
        let urls = installation.urls();
        let users = (20 / urls.len()).to_string();
        let duration = format!("{}ms", duration.as_millis());
        let start = |(number, url): (usize, &String)| {
            let seed = seed.wrapping_add(number as u64).to_string();
            let mut command = dayline(&["simulate", "--interval", "100ms", "--users", &users]);
            // Beside other tests a worker may be late; what is lost never comes.
            command.args(["--settle", "120s"]);
            command.args(["--url", url, "--duration", &duration, "--seed", &seed]).args(options);
            let mut child = command.spawn().unwrap();
            let remarks = BufReader::new(child.stderr.take().unwrap());
            (child, remarks)
        };
        let mut running: Vec<_> = urls.iter().enumerate().map(start).collect();
        for (_, remarks) in &mut running {
            let mut line = String::new();
            while !line.contains("are signed in") {
                line.clear();
                assert!(remarks.read_line(&mut line).unwrap() > 0, "nobody could sign in");
            }
        }
        Self { running }
    }

    /// Waits for the end. Nothing may be lost, counted twice or wrong; gives what was found.
    pub(crate) fn expect_exact(self) -> String {
        self.expect_exact_but_for("nothing")
    }

    /// The same, but that the server may have refused something that is good, with these words.
    pub(crate) fn expect_exact_but_for(self, refusal: &str) -> String {
        let mut all = String::new();
        for (mut child, mut remarks) in self.running {
            let outcome = child.wait().unwrap();
            let (mut said, mut found) = (String::new(), String::new());
            remarks.read_to_string(&mut said).unwrap();
            child.stdout.take().unwrap().read_to_string(&mut found).unwrap();
            println!("{found}");
            let mut refused = said.lines().filter(|line| line.contains(" was not accepted: ")).peekable();
            let is_expected = refused.peek().is_some() && refused.all(|line| line.ends_with(refusal));
            assert!(outcome.success() || is_expected, "{found}{said}");
            for line in ["lost: 0\n", "overlaps: 0\n", "wrong: 0\n"] {
                assert!(found.contains(line), "{found}");
            }
            all.push_str(&found);
        }
        all
    }
}
