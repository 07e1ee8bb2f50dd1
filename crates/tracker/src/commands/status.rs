//! `status`: how the tracker fares.

use jiff::Timestamp;

use super::pause::in_words;
use crate::clock::Now;
use crate::config::Places;
use crate::console::say;
use crate::key::Key;
use crate::pause::Pause;
use crate::spool::Spool;
use crate::status::Status;

pub(crate) fn run(places: &Places) -> Result<(), String> {
    let data = places.data()?;
    let now = Now::read().utc;
    let key = match Key::read(&data.key()) {
        Ok(Some(key)) => format!("{} (key \"{}\")", key.server, key.name),
        Ok(None) => "none; use `dayline-tracker login`".to_owned(),
        Err(error) => error,
    };
    let runs =
        if Spool::is_in_use(&data.spool()) { "yes" } else { "no; use `dayline-tracker install` or `run`" };
    let status = Status::read(&data.status()).unwrap_or_default();
    say(format_args!("server    {key}"));
    say(format_args!("running   {runs}"));
    for line in lines(&status, now) {
        say(line);
    }
    if let Some(pause) = Pause::read(&data.pause()).filter(|pause| pause.holds_at(now)) {
        say(format_args!("paused    until {}", in_words(pause.until)));
    }
    Ok(())
}

fn lines(status: &Status, now: Timestamp) -> Vec<String> {
    let Status { seen, relayed, eyes, waiting, taken, trouble, rejected, lost } = status;
    let ago = |at: &Option<Timestamp>| at.map_or("never".to_owned(), |at| ago(now, at));
    let seen = seen
        .as_ref()
        .map_or("nothing yet".to_owned(), |(what, at)| format!("{what}, {}", self::ago(now, *at)));
    let eyes = if eyes.is_empty() { "not looking" } else { eyes };
    let mut lines = vec![
        format!("eyes      {eyes}"),
        format!("seen      {seen}"),
        format!("relay     used {}", ago(relayed)),
        format!("waiting   {} observations, {} KiB", waiting.records, waiting.bytes.div_ceil(1_024)),
        format!("taken     {}", ago(taken)),
    ];
    lines.extend(trouble.as_ref().map(|trouble| format!("trouble   {trouble}")));
    lines.extend((*rejected > 0).then(|| format!("rejected  {rejected} observations")));
    lines.extend((*lost > 0).then(|| format!("lost      {lost} observations")));
    lines
}

fn ago(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Waiting;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_person_reads_what_was_seen_what_waits_and_what_is_wrong() {
        let status = Status {
            seen: Some(("Code".to_owned(), at(996))),
            eyes: "X11".to_owned(),
            waiting: Waiting { records: 12, bytes: 3_000 },
            taken: Some(at(400)),
            trouble: Some("no answer from the server: connection refused".to_owned()),
            lost: 3,
            ..Status::default()
        };
        let expected = [
            "eyes      X11",
            "seen      Code, 4 s ago",
            "relay     used never",
            "waiting   12 observations, 3 KiB",
            "taken     10 min ago",
            "trouble   no answer from the server: connection refused",
            "lost      3 observations",
        ];
        assert_eq!(lines(&status, at(1_000)), expected);
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        for (seconds, words) in [
            (0, "0 s ago"),
            (119, "119 s ago"),
            (120, "2 min ago"),
            (7_200, "2 h ago"),
            (172_800, "2 days ago"),
        ] {
            assert_eq!(ago(at(seconds), at(0)), words);
        }
        assert_eq!(ago(at(0), at(5)), "0 s ago");
    }
}
