use std::time::Instant;

use proptest::prelude::*;

use super::*;

const AWAY_AFTER: Duration = Duration::from_mins(3);

/// A clock that starts somewhere, after so many seconds on both clocks.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn at(self, second: f64) -> Now {
        self.leapt(second, 0.0)
    }

    /// The wall clock is so many seconds ahead.
    fn leapt(self, second: f64, ahead: f64) -> Now {
        let wall = ((second + ahead) * 1_000.0).round() as i64;
        Now {
            utc: Timestamp::from_millisecond(wall).unwrap(),
            steady: self.0 + Duration::from_secs_f64(second),
        }
    }
}

fn view(app: &str, idle: f64) -> View {
    let activity = (!app.is_empty()).then(|| (app.to_owned(), None));
    View { activity, idle: Duration::from_secs_f64(idle), locked: false, recording: false }
}

fn watch() -> (Watch, Clock) {
    (Watch::new(crate::device::chosen("laptop").unwrap(), AWAY_AFTER), Clock(Instant::now()))
}

/// What was told, as `what from-until` in seconds.
fn told(observations: &[Observation]) -> Vec<String> {
    let one = |observation: &Observation| {
        let what = match &observation.seen {
            Seen::Use { app_name, .. } => app_name,
            Seen::Page { .. } => "page",
            Seen::Away => "away",
            Seen::Here => "here",
        };
        let second = |at: Timestamp| at.as_millisecond() as f64 / 1_000.0;
        format!("{what} {}-{}", second(observation.start_time), second(observation.end_time))
    };
    observations.iter().map(one).collect()
}

#[test]
fn a_change_of_focus_is_told_at_once_and_what_goes_on_every_ten_seconds() {
    let (mut watch, clock) = watch();
    assert_eq!(told(&watch.look(clock.at(0.0), view("Code", 0.0))), ["Code 0-0"]);
    assert_eq!(told(&watch.look(clock.at(4.0), view("Mail", 0.0))), ["Code 0-4", "Mail 4-4"]);
    assert_eq!(told(&watch.look(clock.at(9.0), view("Mail", 1.0))), [""; 0]);
    assert_eq!(watch.patience(clock.at(9.0)), Duration::from_secs(5));
    assert_eq!(told(&watch.look(clock.at(14.0), view("Mail", 1.0))), ["Mail 4-14"]);
    assert_eq!(told(&watch.look(clock.at(16.0), view("", 1.0))), ["Mail 14-16"]);
    assert_eq!(told(&watch.look(clock.at(26.0), view("Code", 1.0))), ["Code 26-26"]);
    assert_eq!(told(&watch.end(clock.at(27.0))), ["Code 26-27"]);
    assert_eq!(told(&watch.end(clock.at(28.0))), [""; 0]);
}

#[test]
fn away_is_told_back_to_the_last_touch_and_up_to_the_next() {
    let (mut watch, clock) = watch();
    watch.look(clock.at(0.0), view("Code", 172.0));
    assert_eq!(told(&watch.look(clock.at(9.0), view("Code", 181.0))), ["Code 0-9", "away -172-9"]);
    assert_eq!(told(&watch.look(clock.at(19.0), view("Code", 191.0))), ["Code 9-19", "away 9-19"]);
    assert_eq!(told(&watch.look(clock.at(25.0), view("Code", 2.0))), ["Code 19-25", "away 19-23"]);
    assert_eq!(told(&watch.look(clock.at(35.0), view("Code", 12.0))), ["Code 25-35"]);
}

#[test]
fn a_touch_before_what_was_told_ends_away_where_it_was_told() {
    let (mut watch, clock) = watch();
    watch.look(clock.at(0.0), view("Code", 200.0));
    assert_eq!(told(&watch.look(clock.at(10.0), view("Code", 10.0))), ["Code 0-10"]);
}

#[test]
fn a_locked_screen_is_away_and_no_use() {
    let (mut watch, clock) = watch();
    let locked = View { locked: true, ..view("Code", 0.0) };
    watch.look(clock.at(0.0), view("Code", 0.0));
    assert_eq!(told(&watch.look(clock.at(3.0), locked.clone())), ["Code 0-3"]);
    assert_eq!(told(&watch.look(clock.at(13.0), locked)), ["away 3-13"]);
    assert_eq!(told(&watch.look(clock.at(15.0), view("Code", 0.0))), ["away 13-15", "Code 15-15"]);
}

#[test]
fn somebody_is_here_while_something_records() {
    let (mut watch, clock) = watch();
    let recording = View { recording: true, ..view("Meeting", 0.0) };
    watch.look(clock.at(0.0), view("Meeting", 0.0));
    assert_eq!(told(&watch.look(clock.at(2.0), recording.clone())), ["Meeting 0-2", "Meeting 2-2"]);
    assert_eq!(told(&watch.look(clock.at(12.0), recording)), ["Meeting 2-12", "here 2-12"]);
}

#[test]
fn in_a_suspended_machine_nobody_was_there() {
    let (mut watch, clock) = watch();
    watch.look(clock.at(0.0), view("Code", 0.0));
    watch.look(clock.at(4.0), view("Code", 0.0));
    let after = watch.look(clock.leapt(10.0, 3_600.0), view("Code", 0.0));
    assert_eq!(told(&after), ["Code 0-4", "away 4-3610", "Code 3610-3610"]);
    assert_eq!(told(&watch.look(clock.leapt(20.0, 3_600.0), view("Code", 0.0))), ["Code 3610-3620"]);
}

#[test]
fn a_clock_that_is_set_back_costs_no_more_than_a_look() {
    let (mut watch, clock) = watch();
    watch.look(clock.at(4_000.0), view("Code", 0.0));
    watch.look(clock.at(4_004.0), view("Code", 0.0));
    assert_eq!(
        told(&watch.look(clock.leapt(4_010.0, -3_600.0), view("Code", 0.0))),
        ["Code 4000-4004", "Code 410-410"]
    );
    assert_eq!(told(&watch.look(clock.leapt(4_020.0, -3_600.0), view("Code", 0.0))), ["Code 410-420"]);
}

#[test]
fn what_nobody_looked_at_is_not_told() {
    let (mut watch, clock) = watch();
    watch.look(clock.at(0.0), view("Code", 0.0));
    assert_eq!(told(&watch.look(clock.at(300.0), view("Code", 0.0))), ["Code 300-300"]);
    assert_eq!(told(&watch.end(clock.at(600.0))), [""; 0]);
}

proptest! {
    #[test]
    fn at_every_instant_that_was_looked_at_the_app_of_the_look_before_is_told_and_no_other(
        looks in prop::collection::vec((1..15_000_u64, 0..3_usize), 1..60),
    ) {
        let apps = ["Code", "Mail", ""];
        let (mut watch, clock) = watch();
        let (mut second, mut truth, mut all) = (0.0, Vec::new(), Vec::new());
        watch.look(clock.at(0.0), view("Code", 0.0));
        let mut front = "Code";
        for (milliseconds, app) in looks {
            let next = second + milliseconds as f64 / 1_000.0;
            truth.push((second, next, front));
            all.extend(watch.look(clock.at(next), view(apps[app], 0.0)));
            (second, front) = (next, apps[app]);
        }
        all.extend(watch.end(clock.at(second)));
        for (from, until, app) in truth {
            let middle = Timestamp::from_millisecond(((from + until) * 500.0) as i64).unwrap();
            let covering = all.iter().filter(|one| one.start_time <= middle && middle < one.end_time);
            let names: Vec<_> = covering.map(|one| told(std::slice::from_ref(one))[0].split(' ').next().unwrap().to_owned()).collect();
            let expected: Vec<_> = [app].into_iter().filter(|app| !app.is_empty()).collect();
            prop_assert_eq!(names, expected, "from {} until {}", from, until);
        }
    }
}
