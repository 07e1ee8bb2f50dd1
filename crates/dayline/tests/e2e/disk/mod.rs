//! A disk that is slow, full or failing, or loses its power: no 202 before its sync, and whatever had one is found
//! again. The disk is simulated by a library loaded in front of the C library (`tests/shim.c`).

mod failing;
mod power_loss;
mod shim;
mod trace;
mod writing;

use crate::support::account::{newcomer, sign_in};
use crate::support::server::{Installation, Server};
use shim::Disk;
use writing::Writer;

/// An installation with an empty data folder and so many people who write.
async fn installation_with_writers(count: usize) -> (Installation, Vec<Writer>) {
    let installation = Installation::alone();
    let mut server = installation.start(&[]);
    let mut writers = Vec::new();
    for number in 0..count {
        let device = newcomer(&installation, &format!("writer-{number}")).await;
        writers.push(Writer::new(device, number));
    }
    assert_eq!(server.stop().code(), Some(0));
    (installation, writers)
}

/// Starts a server on this disk.
fn start_on(installation: &Installation, disk: &Disk) -> Server {
    let mut server = installation.spawn_with(&["--unlimited"], &disk.under(installation));
    server.wait_until_ready();
    server
}

/// Everything of the first so many acknowledged pings of each is there, as a server of the installation says.
async fn expect_stored(installation: &Installation, writers: &[(&Writer, usize)]) {
    for (number, (writer, acknowledged)) in writers.iter().enumerate() {
        let account = crate::support::account::account(&format!("writer-{number}"));
        let reader = sign_in(installation, &account.into(), "reader").await;
        writer.expect_stored(&reader, *acknowledged).await;
    }
}

/// All acknowledged pings of each are there.
async fn expect_all_stored(installation: &Installation, writers: &[Writer]) {
    let all: Vec<_> = writers.iter().map(|writer| (writer, writer.sent.acknowledged.len())).collect();
    expect_stored(installation, &all).await;
}
