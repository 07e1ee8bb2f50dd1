//! What a process says about itself.

use super::server::{Process, get};

/// What `/readyz` says: its status, whether it is degraded, and the parts that do not work.
pub(crate) fn readiness(process: &Process) -> (u16, bool, Vec<String>) {
    let Ok(answer) = get(process.address, "/readyz") else { return (0, false, Vec::new()) };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let checks = body["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == false);
    let names = checks.map(|check| check["name"].as_str().unwrap().to_owned()).collect();
    (status, body["degraded"] == true, names)
}
