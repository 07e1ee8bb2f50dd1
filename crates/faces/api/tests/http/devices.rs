//! The devices of which something is known.

use serde_json::{Value, json};

use crate::support::{Person, Server, ping};

async fn devices(server: &Server, person: &Person) -> Value {
    let reply = server.get("/api/v1/devices").of(person).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["devices"].clone()
}

#[tokio::test]
async fn devices_have_their_last_use_and_the_kinds_of_what_was_observed() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    assert_eq!(devices(&server, &ada).await, json!([]), "signed in, but nothing was observed");
    let login = json!({"email": ada.email, "password": crate::support::PASSWORD, "device_id": "phone",
        "device_name": "Ada's phone"});
    server.post("/api/v1/auth/login").json(&login).send().await;
    let on = |device: &str, mut ping: Value| {
        ping["device_id"] = json!(device);
        ping
    };
    let of = |kind: &str, start: &str, end: &str| {
        let mut ping = ping("Firefox", start, end);
        ping["kind"] = json!(kind);
        ping
    };
    let mut early = of("use", "08:00:00", "08:00:05");
    (early["start_time"], early["end_time"]) = (json!("2026-10-01T08:00:00Z"), json!("2026-10-01T08:00:05Z"));
    let pings = json!([
        ping("Code", "09:00:00", "09:10:00"),
        of("away", "09:10:00", "09:30:00"),
        on("phone", of("beat", "09:05:00", "09:05:00")),
        on("phone", of("here", "10:05:00", "10:06:00")),
        on("phone", of("page", "09:05:00", "09:06:00")),
        on("old", early),
    ]);
    let reply = server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    assert_eq!(reply.json()["accepted"], 6, "{reply:?}");
    server.process_log().await;
    let device = |id: &str, name: Value, at: &str, kinds: Value| json!({"device_id": id, "name": name, "last_use": format!("2026-{at}.000Z"), "kinds": kinds});
    assert_eq!(
        devices(&server, &ada).await,
        json!([
            device("phone", json!("Ada's phone"), "11-20T10:06:00", json!(["page", "beat", "here"])),
            device("laptop", json!(null), "11-20T09:30:00", json!(["use", "away"])),
            device("old", json!(null), "10-01T08:00:05", json!([])),
        ])
    );
    assert_eq!(devices(&server, &eve).await, json!([]));
}
