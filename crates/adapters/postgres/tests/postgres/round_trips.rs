//! How often a call waits for the server: a fixed number of times, however many people it is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dayline_app::ports::{Applied, DayKey, LedgerCommit, LedgerReader, LedgerWriter};
use dayline_domain::UserId;
use dayline_postgres::{PgConfig, PgStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::database::{Database, Via};
use crate::world::{self, WorkedDay, day, ping, register};

/// Passes bytes on and counts round trips: requests that come after an answer. Answers are held
/// back for a while, so that everything that is sent without waiting for them is there first.
async fn counting_proxy(to: String) -> (u16, Arc<AtomicUsize>) {
    const HOLD: Duration = Duration::from_millis(60);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let trips = Arc::new(AtomicUsize::new(0));
    let counted = trips.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&to).await.unwrap();
            client.set_nodelay(true).unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let answered = Arc::new(AtomicUsize::new(1));
            let (asked, counted) = (answered.clone(), counted.clone());
            tokio::spawn(async move {
                let mut buffer = vec![0; 1 << 20];
                while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
                    counted.fetch_add(asked.swap(0, Ordering::SeqCst), Ordering::SeqCst);
                    to_server.write_all(&buffer[..read]).await.unwrap();
                }
            });
            tokio::spawn(async move {
                let mut buffer = vec![0; 1 << 20];
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    tokio::time::sleep(HOLD).await;
                    answered.store(1, Ordering::SeqCst);
                    if to_client.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, trips)
}

/// An app of each that nobody had before, and what was a tail as a row.
fn commit(people: &[UserId], days: &mut [WorkedDay], from: u64) -> Arc<LedgerCommit> {
    let start = 100 * from.cast_signed();
    let pings = [ping(&format!("App {from}"), day(2026, 11, 20), start, start + 5)];
    world::commit(from, people.iter().zip(days).map(|(user, day)| (*user, day.record(&pings))).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_and_loads_wait_twice_and_reports_once_for_one_person_or_hundreds() {
    let database = Database::migrated().await;
    let direct = database.store(Via::Direct);
    let first = day(2026, 11, 20);
    direct.prepare_months(first.start()).await.unwrap();
    let mut people = Vec::new();
    for n in 0..300 {
        people.push(register(&direct, n).await);
    }
    let url = database.url(Via::Direct);
    let (server, name) = url.trim_start_matches("postgres://dayline@").split_once('/').unwrap();
    let (port, trips) = counting_proxy(server.to_owned()).await;
    let mut config = PgConfig::new(&format!("postgres://dayline@127.0.0.1:{port}/{name}")).unwrap();
    config.max_connections = 1;
    let store = PgStore::open(&config).unwrap();
    // What is done once: connecting, looking at the schema and at the month.
    store.prepare_months(first.start()).await.unwrap();

    let mut days: Vec<WorkedDay> = people.iter().map(|_| WorkedDay::empty(first)).collect();
    let mut from = 0;
    for count in [1, 300] {
        trips.store(0, Ordering::SeqCst);
        let keys = people[..count].iter().map(|&user| DayKey { user, day: first }).collect();
        store.load(keys).await.unwrap();
        assert_eq!(trips.load(Ordering::SeqCst), 2, "loading {count}");
        for _ in 0..3 {
            let commit = commit(&people[..count], &mut days[..count], from);
            from += 1;
            trips.store(0, Ordering::SeqCst);
            assert_eq!(store.apply(commit).await, Ok(Applied::Done));
            assert_eq!(trips.load(Ordering::SeqCst), 2, "a commit for {count}");
        }
    }
    // Who was not loaded is looked up before.
    let stranger = PgStore::open(&config).unwrap();
    stranger.prepare_months(first.start()).await.unwrap();
    trips.store(0, Ordering::SeqCst);
    let commit = commit(&people, &mut days, from);
    assert_eq!(stranger.apply(commit).await, Ok(Applied::Done));
    assert_eq!(trips.load(Ordering::SeqCst), 3, "a commit for strangers");

    trips.store(0, Ordering::SeqCst);
    store.read(people[0], first.interval()).await.unwrap();
    assert_eq!(trips.load(Ordering::SeqCst), 1, "a report");
    trips.store(0, Ordering::SeqCst);
    store.read_sums(people[0], first.interval(), vec![first]).await.unwrap();
    assert_eq!(trips.load(Ordering::SeqCst), 1, "a report of sums");
}
