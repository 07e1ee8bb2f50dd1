//! What happens at the same time has a defined result, and never an error of ours.

use std::collections::HashSet;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use crate::web::{Answer, Session, Web, ping, send, session, text};

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

/// Neither the tokens nor what they could buy opens anything.
async fn expect_ended(web: &Web, session: &Session) {
    assert_eq!(web.me(&session.access).await.status, 401);
    assert_eq!(send(web.refresh(&session.refresh)).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_parallel_refreshes_with_one_token_have_one_successor() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    let answers = join_all((0..50).map(|_| send(web.refresh(&ada.refresh)))).await;
    assert_eq!(statuses(&answers), vec![200; 50]);
    let first = session(&ada.email, &answers[0]);
    assert_ne!(first.refresh, ada.refresh);
    for answer in &answers {
        let next = session(&ada.email, answer);
        assert_eq!((&next.refresh, &next.id), (&first.refresh, &ada.id));
        assert_eq!(web.me(&next.access).await.status, 200);
    }
    let second = session(&ada.email, &send(web.refresh(&first.refresh)).await.expect(200));
    assert_ne!(second.refresh, first.refresh);
    let third = session(&ada.email, &send(web.refresh(&second.refresh)).await.expect(200));
    // Three generations old: somebody has a copy.
    assert_eq!(send(web.refresh(&ada.refresh)).await.problem(), (401, "token_reused".into()));
    expect_ended(&web, &third).await;
    let audit = send(web.get("/api/v1/users/me/audit", &web.sign_in(&ada.email, "phone").await.access)).await;
    assert!(audit.text.contains("token_reused"), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_within_one_second_give_different_tokens() {
    let web = Web::start(&[]);
    let mut last = web.newcomer("ada").await;
    let mut seen = HashSet::from([last.refresh.clone()]);
    for _ in 0..5 {
        last = session(&last.email, &send(web.refresh(&last.refresh)).await.expect(200));
        assert!(seen.insert(last.refresh.clone()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_races_with_the_end_of_its_session_never_brings_it_back() {
    let web = Web::start(&["--login-limit", "off", "--login-device-limit", "off"]);
    let laptop = web.newcomer("ada").await;
    for round in 0..20 {
        let phone = web.sign_in(&laptop.email, "phone").await;
        let path = format!("/api/v1/auth/sessions/{}", phone.id);
        let end = send(web.delete(&path, &laptop.access));
        let refreshes = join_all((0..4).map(|_| send(web.refresh(&phone.refresh))));
        let (ended, tokens) = tokio::join!(end, refreshes);
        assert_eq!(ended.status, 204, "{ended:?}");
        for answer in tokens {
            if answer.status == 200 {
                expect_ended(&web, &session(&laptop.email, &answer)).await;
            } else {
                assert_eq!(answer.problem(), (401, "session_revoked".into()), "round {round}");
            }
        }
        expect_ended(&web, &phone).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_races_with_the_deletion_of_its_account_ends_with_it() {
    let web = Web::start(&["--register-limit", "off"]);
    for round in 0..8 {
        let ada = web.newcomer(&format!("ada{round}")).await;
        let sign_ins =
            join_all((0..3).map(|device| {
                send(web.login(&ada.email, crate::web::PASSWORD, &format!("device {device}")))
            }));
        let delete = async {
            // In some rounds it comes first, in some in between.
            tokio::time::sleep(std::time::Duration::from_millis(15 * round)).await;
            send(web.delete_account(&ada.access)).await
        };
        let (signed_in, deleted) = tokio::join!(sign_ins, delete);
        assert_eq!(deleted.status, 204, "{deleted:?}");
        for answer in signed_in {
            if answer.status == 200 {
                expect_ended(&web, &session(&ada.email, &answer)).await;
            } else {
                assert_eq!(answer.problem(), (401, "invalid_credentials".into()), "round {round}");
            }
        }
        expect_ended(&web, &ada).await;
        let late = send(web.login(&ada.email, crate::web::PASSWORD, "late")).await;
        assert_eq!(late.problem(), (401, "invalid_credentials".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_changes_during_a_sign_in_lets_nobody_in_with_the_old_one() {
    let web = Web::start(&["--login-limit", "off"]);
    let ada = web.newcomer("ada").await;
    let change = json!({"current_password": crate::web::PASSWORD, "new_password": "an entirely other one"});
    let change = send(web.post("/api/v1/users/me/password", &change).bearer_auth(&ada.access));
    let sign_ins = join_all(
        (0..6).map(|device| send(web.login(&ada.email, crate::web::PASSWORD, &format!("device {device}")))),
    );
    let (changed, signed_in) = tokio::join!(change, sign_ins);
    assert_eq!(changed.status, 204, "{changed:?}");
    for answer in signed_in {
        if answer.status == 200 {
            expect_ended(&web, &session(&ada.email, &answer)).await;
        } else {
            assert_eq!(answer.problem(), (401, "invalid_credentials".into()));
        }
    }
    assert_eq!(web.me(&ada.access).await.status, 200, "the session that changed it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_code_gives_its_tokens_to_one_of_many_polls() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    let code =
        send(web.post("/api/v1/auth/device", &json!({"device_id": "tracker"}))).await.expect(200).json();
    let approve = json!({"user_code": code["user_code"]});
    send(web.post("/api/v1/auth/device/approve", &approve).bearer_auth(&ada.access)).await.expect(204);
    let poll = json!({"device_code": code["device_code"]});
    let answers = join_all((0..20).map(|_| send(web.post("/api/v1/auth/device/token", &poll)))).await;
    let given: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(given.len(), 1, "{answers:?}");
    assert_eq!(web.me(&text(&given[0].json(), "access_token")).await.status, 200);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.problem(), (400, "expired_token".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_is_decided_about_once_however_many_decide() {
    let web = Web::start(&[]);
    let (ada, eve) = (web.newcomer("ada").await, web.newcomer("eve").await);
    let code =
        send(web.post("/api/v1/auth/device", &json!({"device_id": "tracker"}))).await.expect(200).json();
    let decide = |who: &Session, approve: bool| {
        let decision = json!({"user_code": code["user_code"], "approve": approve});
        send(web.post("/api/v1/auth/device/approve", &decision).bearer_auth(&who.access))
    };
    let answers =
        join_all([decide(&ada, true), decide(&eve, true), decide(&ada, false), decide(&eve, false)]).await;
    let done = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(done, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [204, 422].contains(&answer.status)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_deleted_while_it_is_used_is_refused_from_then_on() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    let key = web.key(&ada, &json!(["track"])).await;
    let listed = send(web.get("/api/v1/api-keys", &ada.access)).await.json();
    let path = format!("/api/v1/api-keys/{}", text(&listed["api_keys"][0], "id"));
    let uses = join_all((0..20).map(|_| send(web.track(&key, &ping("Code")))));
    let (answers, deleted) =
        tokio::join!(uses, send(web.call(Method::DELETE, &path).bearer_auth(&ada.access)));
    assert_eq!(deleted.status, 204);
    assert!(answers.iter().all(|answer| [202, 401].contains(&answer.status)), "{answers:?}");
    assert_eq!(send(web.track(&key, &ping("Code"))).await.status, 401);
}
