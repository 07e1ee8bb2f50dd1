//! The pings of many people as a load: as they happened, or late and twice.

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::accept::PATH;
use crate::client::{Turn, post};
use crate::clock::rfc3339;
use crate::failure::Failure;
use crate::switching;

/// How pings arrive.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// In the order in which they happened, 5 s each.
    AsItHappens,
    /// 60 s each, sent twice; every third one late by up to all of the rest, so that some are hours late.
    LateAndDoubled,
    /// People who switch apps every few seconds on two devices, with pages and away time.
    Switching,
}

impl Order {
    /// Seconds of a ping.
    fn length(self) -> i64 {
        match self {
            Self::AsItHappens => 5,
            Self::LateAndDoubled => 60,
            Self::Switching => switching::LENGTH,
        }
    }

    /// The number of the ping that is sent in each of the steps.
    fn numbers(self, steps: usize) -> Vec<usize> {
        if self != Self::LateAndDoubled {
            return (0..steps).collect();
        }
        let different = (steps / 2).max(1);
        let late = |sent: usize| {
            // Any spread will do, as long as it is the same in each run.
            let chance = sent.wrapping_mul(2_654_435_761) >> 7;
            if chance.is_multiple_of(3) { chance / 3 % different } else { 0 }
        };
        let mut sent: Vec<usize> = (0..2 * different).collect();
        sent.sort_by_key(|&sent| (sent % different + late(sent), sent));
        sent.into_iter().map(|sent| sent % different).collect()
    }
}

/// So many pings of each of the people. All have theirs at the same times, unless they are staggered.
pub(crate) struct Stream {
    people: usize,
    connections: usize,
    tokens: Vec<String>,
    /// The bodies, in the order they are sent.
    bodies: Vec<String>,
    order: Order,
    /// Pings in all bodies.
    steps: usize,
    /// Requests that the last of the people would be ahead of the first.
    stagger: usize,
    /// When the first ping starts and the last one ends, in Unix seconds.
    pub(crate) begin: i64,
    pub(crate) end: i64,
}

impl Stream {
    /// `steps` pings for each who has a token, the last of which ends at `end`, `in_request` in one request.
    pub(crate) fn new(
        tokens: Vec<String>,
        order: Order,
        steps: usize,
        in_request: usize,
        end: i64,
        connections: usize,
    ) -> Self {
        let numbers = order.numbers(steps.max(1));
        let different = numbers.iter().max().map_or(0, |last| last + 1);
        let begin = end - different as i64 * order.length();
        let ping = |&number: &usize| {
            let start = begin + number as i64 * order.length();
            if order == Order::Switching {
                return switching::ping(number, start);
            }
            let app = ["Code", "Firefox", "Slack"][number / 12 % 3];
            json!({
                "app_name": app,
                "start_time": rfc3339(start),
                "end_time": rfc3339(start + order.length()),
            })
        };
        let body = |numbers: &[usize]| match numbers {
            [one] => ping(one).to_string(),
            several => several.iter().map(ping).collect::<Value>().to_string(),
        };
        let bodies = numbers.chunks(in_request.max(1)).map(body).collect();
        let connections = connections.min(tokens.len()).max(1);
        let people = tokens.len();
        Self { people, connections, tokens, bodies, order, steps: numbers.len(), stagger: 0, begin, end }
    }

    /// People begin one after the other within the first `requests` of the stream, so that their days do not end together.
    /// For a load that a window cuts off: a connection ends with the first of its people who has no more requests, so
    /// [`Self::pings`] and [`Self::seconds`] are more than what is sent.
    pub(crate) fn staggered(self, requests: usize) -> Self {
        Self { stagger: requests, ..self }
    }

    /// Connections that it goes over; never more than people.
    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// All pings of all people.
    pub(crate) fn pings(&self) -> usize {
        self.people * self.steps
    }

    /// The seconds that each person's timeline has in the end.
    ///
    /// # Errors
    ///
    /// None but where a constant is wrong.
    pub(crate) fn seconds(&self) -> Result<f64, Failure> {
        match self.order {
            Order::Switching => switching::counted(self.steps, self.begin),
            Order::AsItHappens | Order::LateAndDoubled => Ok((self.end - self.begin) as f64),
        }
    }

    /// The request of a turn: each connection serves people of its own, one request of each, then the next of each.
    pub(crate) fn request(&self, turn: &Turn) -> Option<Vec<u8>> {
        let own = (self.people - turn.connection).div_ceil(self.connections);
        let person = turn.connection + self.connections * (turn.number % own);
        let body = self.bodies.get(turn.number / own + person * self.stagger / self.people)?;
        Some(post(PATH, Some(&self.tokens[person]), body))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_ping_is_sent_twice_and_some_come_late() {
        let numbers = Order::LateAndDoubled.numbers(200);
        let mut times = BTreeMap::new();
        for number in &numbers {
            *times.entry(*number).or_insert(0) += 1;
        }
        assert_eq!(times, (0..100).map(|number| (number, 2)).collect());
        assert!(numbers.windows(2).filter(|pair| pair[1] + 10 < pair[0]).count() > 5, "{numbers:?}");
    }

    #[test]
    fn each_person_sends_each_ping_once() {
        let tokens = (0..7).map(|person| format!("person{person}")).collect();
        let stream = Stream::new(tokens, Order::AsItHappens, 3, 1, 1_000, 3);
        let mut sent = Vec::new();
        for connection in 0..3 {
            let turn = |number| Turn { connection, number, due: Duration::ZERO };
            sent.extend((0..).map_while(|number| stream.request(&turn(number))));
        }
        let all = sent.len();
        sent.sort();
        sent.dedup();
        assert_eq!((sent.len(), all), (21, stream.pings()));
    }

    #[test]
    fn staggered_people_do_not_begin_together() {
        let tokens = vec!["ada".to_owned(), "bob".to_owned()];
        let stream = Stream::new(tokens, Order::AsItHappens, 8, 1, 1_000, 1).staggered(4);
        let request = |number| {
            let turn = Turn { connection: 0, number, due: Duration::ZERO };
            String::from_utf8(stream.request(&turn).unwrap()).unwrap()
        };
        let (adas, bobs) = (request(0), request(1));
        assert!(adas.contains(&rfc3339(stream.begin)), "{adas}");
        assert!(bobs.contains(&rfc3339(stream.begin + 2 * 5)), "{bobs}");
    }
}
