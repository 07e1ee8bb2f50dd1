//! The use cases against fakes of all ports: what they decide, in every state of the world.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod account_writes;
mod accounts;
mod buckets;
mod clean_up;
mod coding;
mod corrections;
mod device_login;
mod devices;
mod export;
mod ingest;
mod kept_log;
mod key_agreement;
mod keys;
mod labels;
mod live;
mod maintenance;
mod merges;
mod operator;
mod preferences;
mod raw_events;
mod report_jobs;
mod reports;
mod retention;
mod sample;
mod sessions;
mod timeline;
mod worker;
mod worker_ahead;

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::accounts as accounts_use_cases;
use dayline_app::identity::authenticate::authenticate;
use dayline_app::identity::caller::Caller;
use dayline_app::identity::login::{self, Login};
use dayline_app::identity::tokens::Tokens;
use dayline_app::ports::{Partition, PingLog};
use dayline_app::tracking::record;
use dayline_contract::fakes::FakeApp;
use dayline_domain::{
    DeviceId, Email, FullName, Interval, NewPassword, Observation, Source, Subject, UserId,
};

/// An app in use on the laptop.
fn used(app: &str, domain: Option<&str>, interval: Interval) -> Observation {
    let source = Source::new("laptop", app, domain).unwrap();
    Observation::new(Arc::new(Subject::from(&*source)), interval)
}

/// Puts observations into the log.
async fn send(world: &FakeApp, user: UserId, observations: &[Observation]) {
    let record = record::encode_observations(user, observations);
    world.log.append(Partition(0), record).await.unwrap();
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % bound
    }
}

const PASSWORD: &str = "a long enough secret";

/// Registers somebody.
async fn register(world: &FakeApp, email: &str) {
    let registration = accounts_use_cases::Registration {
        email: Email::new(email).unwrap(),
        password: NewPassword::new(PASSWORD).unwrap(),
        full_name: FullName::new("Ada").unwrap(),
        timezone: None,
        address: None,
    };
    accounts_use_cases::register(&world.app, registration).await.unwrap();
}

fn login_of(email: &str, password: &str, device: &str) -> Login {
    Login {
        email: Email::new(email).unwrap(),
        password: password.to_owned(),
        device: DeviceId::new(device).unwrap(),
        device_name: None,
        refresh_token: None,
        address: None,
    }
}

async fn login(world: &FakeApp, email: &str, device: &str) -> Tokens {
    login::login(&world.app, login_of(email, PASSWORD, device)).await.unwrap()
}

async fn caller(world: &FakeApp, tokens: &Tokens) -> Result<Caller, AppError> {
    authenticate(&world.app, &tokens.access_token, None).await
}

/// A world with Ada signed in on her laptop.
async fn with_ada() -> (Arc<FakeApp>, Caller) {
    ada_in(FakeApp::default()).await
}

/// The same in this world.
async fn ada_in(world: FakeApp) -> (Arc<FakeApp>, Caller) {
    let world = Arc::new(world);
    register(&world, "ada@example.org").await;
    let tokens = login(&world, "ada@example.org", "laptop").await;
    let ada = caller(&world, &tokens).await.unwrap();
    (world, ada)
}
