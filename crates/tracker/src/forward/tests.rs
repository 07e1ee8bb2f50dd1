use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tempfile::TempDir;
use tokio::time::Instant;

use super::*;
use crate::server::Problem;
use crate::spool::LIMIT;

/// A server that answers as it is told, then takes everything; it remembers what it got, with which key and when.
#[derive(Clone, Default)]
struct FakeServer {
    answers: Rc<RefCell<VecDeque<Result<Receipt, Refusal>>>>,
    got: Rc<RefCell<Vec<Got>>>,
}

/// When a request came, with which key, and what was in it.
type Got = (Instant, String, Vec<String>);

impl Takes for FakeServer {
    async fn take(&self, key: &Key, lines: &[String]) -> Result<Receipt, Refusal> {
        self.got.borrow_mut().push((Instant::now(), key.id.clone(), lines.to_vec()));
        let answer = self.answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| Ok(Receipt { accepted: lines.len(), rejected: Vec::new() }))
    }
}

struct Setting {
    folder: TempDir,
    spool: Arc<Spool>,
    board: Arc<Board>,
    server: FakeServer,
    forwarder: Forwarder<FakeServer>,
}

impl Setting {
    fn new(answers: impl IntoIterator<Item = Result<Receipt, Refusal>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spool = Arc::new(Spool::open(&folder.path().join("spool"), LIMIT, 1).unwrap());
        let board = Arc::new(Board::new(folder.path().join("status.json")));
        let server = FakeServer::default();
        server.answers.borrow_mut().extend(answers);
        let key_file = folder.path().join("key.json");
        let forwarder =
            Forwarder::new(Arc::clone(&spool), Arc::default(), Arc::clone(&board), key_file, server.clone());
        let setting = Self { folder, spool, board, server, forwarder };
        setting.sign_in("first");
        setting
    }

    fn sign_in(&self, id: &str) {
        let key = Key {
            server: "https://example.org".to_owned(),
            ca: None,
            id: id.to_owned(),
            name: "tracker".to_owned(),
            key: id.to_owned().into(),
        };
        key.write(&self.folder.path().join("key.json")).unwrap();
    }

    fn append(&self, count: usize) {
        let texts: Vec<_> = (0..count).map(|number| format!("{{\"n\":{number}}}")).collect();
        self.spool.append(&texts).unwrap();
    }

    /// How many observations came with each request.
    fn sizes(&self) -> Vec<usize> {
        self.server.got.borrow().iter().map(|(_, _, lines)| lines.len()).collect()
    }

    /// When each request came, in seconds after the first.
    fn times(&self) -> Vec<f64> {
        let got = self.server.got.borrow();
        got.iter().map(|(at, ..)| at.duration_since(got[0].0).as_secs_f64()).collect()
    }

    fn trouble(&self) -> Option<String> {
        crate::status::Status::read(&self.folder.path().join("status.json")).unwrap().trouble
    }
}

fn answered(status: u16, retry_after: Option<u64>) -> Result<Receipt, Refusal> {
    Err(Refusal::Answered {
        status: StatusCode::from_u16(status).unwrap(),
        problem: Problem::default(),
        retry_after: retry_after.map(Duration::from_secs),
    })
}

fn unanswered() -> Result<Receipt, Refusal> {
    Err(Refusal::Unanswered("connection refused".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn what_waits_goes_in_batches_oldest_first_and_is_gone_then() {
    let mut setting = Setting::new([]);
    setting.append(2_300);
    setting.forwarder.drain().await;
    assert_eq!(setting.sizes(), [1_000, 1_000, 300]);
    assert_eq!(setting.server.got.borrow()[1].2[0], "{\"n\":1000}");
    assert_eq!(setting.spool.waiting().records, 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_wait_is_obeyed_and_gets_the_same_again() {
    let mut setting = Setting::new([answered(503, Some(20)), answered(429, Some(40))]);
    setting.append(3);
    setting.forwarder.drain().await;
    assert_eq!(setting.sizes(), [3, 3, 3]);
    let times = setting.times();
    assert!((20.0..21.0).contains(&times[1]), "{times:?}");
    assert!((60.0..63.0).contains(&times[2]), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn days_offline_cost_nothing_but_a_try_every_few_minutes() {
    let mut setting = Setting::new((0..600).map(|_| unanswered()));
    setting.append(5);
    setting.forwarder.drain().await;
    let times = setting.times();
    assert!(times[600] > 86_400.0, "{times:?}");
    assert!(times.windows(2).skip(9).all(|pair| pair[1] - pair[0] >= 150.0), "{times:?}");
    assert_eq!(setting.spool.waiting().records, 0);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_revoked_is_told_once_and_not_tried_again_and_the_spool_is_kept() {
    let mut setting = Setting::new([answered(401, None)]);
    let log = setting.folder.path().join("log");
    let lines =
        tracing_subscriber::fmt().with_writer(Arc::new(std::fs::File::create(&log).unwrap())).finish();
    let _heard = tracing::subscriber::set_default(lines);
    setting.append(2);
    let waited = tokio::time::timeout(Duration::from_hours(24), setting.forwarder.drain()).await;
    assert!(waited.is_err());
    assert_eq!(setting.sizes(), [2]);
    assert_eq!(setting.spool.waiting().records, 2);
    assert_eq!(setting.trouble().as_deref(), Some("the server says 401 ; use `dayline-tracker login` again"));
    assert_eq!(std::fs::read_to_string(&log).unwrap().matches("dayline-tracker login").count(), 1);

    setting.sign_in("second");
    setting.forwarder.drain().await;
    assert_eq!(setting.server.got.borrow()[1].1, "second");
    assert_eq!(setting.spool.waiting().records, 0);
    assert_eq!(setting.trouble(), None);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_everything_waits() {
    let mut setting = Setting::new([]);
    std::fs::remove_file(setting.folder.path().join("key.json")).unwrap();
    setting.append(2);
    let waited = tokio::time::timeout(Duration::from_hours(1), setting.forwarder.drain()).await;
    assert!(waited.is_err() && setting.sizes().is_empty());
    assert_eq!(setting.trouble().as_deref(), Some("there is no key; use `dayline-tracker login`"));
    setting.sign_in("first");
    setting.forwarder.drain().await;
    assert_eq!(setting.sizes(), [2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_rejected_is_dropped_unless_time_can_mend_it() {
    let rejected = |index, retry| Rejected { index, code: "end_in_future".to_owned(), retry };
    let receipt = Receipt { accepted: 1, rejected: vec![rejected(0, false), rejected(2, true)] };
    let mut setting = Setting::new([Ok(receipt)]);
    setting.append(3);
    setting.forwarder.drain().await;
    assert_eq!(setting.sizes(), [3, 1]);
    assert_eq!(setting.server.got.borrow()[1].2, ["{\"n\":2}"]);
    assert!(setting.times()[1] >= 60.0);
    setting.board.change(|status| status.trouble = Some("so that it is written".to_owned()));
    let status = crate::status::Status::read(&setting.folder.path().join("status.json")).unwrap();
    assert_eq!((status.rejected, status.lost), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_is_halved_and_what_never_fits_is_dropped() {
    let mut setting = Setting::new([answered(413, None), answered(413, None), answered(413, None)]);
    setting.append(4);
    setting.forwarder.drain().await;
    assert_eq!(setting.sizes(), [4, 2, 1, 1, 2]);
    assert_eq!(setting.spool.waiting().records, 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_no_dayline_is_asked_less_and_less() {
    let strange = || Err(Refusal::Unreadable("expected value".to_owned()));
    let mut setting = Setting::new([strange(), answered(404, None), strange()]);
    setting.append(1);
    setting.forwarder.drain().await;
    assert_eq!(setting.sizes(), [1, 1, 1, 1]);
    assert!(setting.times()[3] >= 3.5, "{:?}", setting.times());
}

#[tokio::test(start_paused = true)]
async fn what_comes_at_once_goes_together() {
    let setting = Setting::new([]);
    let (spool, bell, server) =
        (Arc::clone(&setting.spool), Arc::clone(&setting.forwarder.bell), setting.server.clone());
    let run = setting.forwarder.run();
    let send = async {
        tokio::task::yield_now().await;
        for _ in 0..3 {
            spool.append(&["{}".to_owned()]).unwrap();
            bell.notify_one();
            sleep(Duration::from_millis(200)).await;
        }
        sleep(Duration::from_secs(5)).await;
    };
    tokio::select! {
        () = run => unreachable!("it runs on"),
        () = send => {}
    }
    let sizes: Vec<_> = server.got.borrow().iter().map(|(_, _, lines)| lines.len()).collect();
    assert_eq!(sizes, [3]);
    assert_eq!(spool.waiting().records, 0);
}
