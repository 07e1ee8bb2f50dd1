//! Signing in by a code that a person approves in a browser (RFC 8628).

use std::time::Duration;

use tokio::time::sleep;

use crate::console::say;
use crate::server::{Refusal, Server, Session};

/// What a poll means for the next one.
enum Poll {
    Again,
    Slower(u64),
}

/// Shows a code and waits until the person has approved it. `device` is what the server calls the session.
pub(super) async fn sign_in(server: &Server, device: &str, name: &str) -> Result<Session, String> {
    let codes = server.ask_for_code(device, name).await.map_err(|refusal| refusal.to_string())?;
    say("Open this page in a browser, sign in, and compare the code:\n");
    say(format_args!("    {}", codes.verification_uri_complete.as_ref().unwrap_or(&codes.verification_uri)));
    say(format_args!("    {}\n", codes.user_code));
    let mut interval = codes.interval.max(1);
    loop {
        sleep(Duration::from_secs(interval)).await;
        match server.poll(&codes.device_code).await {
            Ok(session) => return Ok(session),
            Err(refusal) => match meaning(&refusal, interval)? {
                Poll::Again => {}
                Poll::Slower(slower) => interval = slower,
            },
        }
    }
}

fn meaning(refusal: &Refusal, interval: u64) -> Result<Poll, String> {
    if let Refusal::Answered { problem, .. } = refusal {
        match problem.code.as_str() {
            "authorization_pending" => return Ok(Poll::Again),
            "slow_down" => return Ok(Poll::Slower(problem.interval.unwrap_or(interval + 5).max(1))),
            "expired_token" => return Err("nobody approved the code in time; start again".to_owned()),
            "access_denied" => return Err("the code was refused".to_owned()),
            _ => {}
        }
    }
    match refusal.passes_after() {
        Some(after) => Ok(Poll::Slower(after.map_or(interval, |after| after.as_secs()).max(interval))),
        None => Err(refusal.to_string()),
    }
}

/// The name of the session and of the key, which no other device of the person has.
pub(super) fn session_name(device: &str) -> String {
    let short: String = device.chars().take(80).collect();
    format!("tracker on {short}")
}
