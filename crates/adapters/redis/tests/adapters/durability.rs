//! Which servers are refused as not durable, and what is said about it.

use dayline_redis::{NotDurable, check_durability};

use crate::test_redis::TestRedis;

#[tokio::test]
async fn a_server_that_keeps_everything_is_accepted_without_a_word() {
    let redis = TestRedis::start();
    assert_eq!(check_durability(&redis.server(), false).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn each_setting_that_loses_pings_is_refused_by_name_with_what_it_must_be() {
    for (name, wrong, right) in [
        ("appendonly", "no", "yes"),
        ("appendfsync", "everysec", "always"),
        ("appendfsync", "no", "always"),
        ("no-appendfsync-on-rewrite", "yes", "no"),
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
    ] {
        let redis = TestRedis::start_with(&[(name, wrong)]);
        let refused = check_durability(&redis.server(), false).await.unwrap_err();
        let NotDurable::Objections(objections) = &refused else { panic!("{refused}") };
        assert_eq!(objections.len(), 1, "{refused}");
        let (is, set) = (format!("{name} is {wrong}"), format!("set {name} {right}"));
        assert!(objections[0].contains(&is) && objections[0].contains(&set), "{refused}");
        assert_eq!(&check_durability(&redis.server(), true).await.unwrap(), objections);
    }
}

#[tokio::test]
async fn all_wrong_settings_are_named_at_once() {
    let redis = TestRedis::start_with(&[("appendonly", "no"), ("maxmemory-policy", "volatile-ttl")]);
    let refused = check_durability(&redis.server(), false).await.unwrap_err().to_string();
    assert!(refused.contains("appendonly is no") && refused.contains("maxmemory-policy is volatile-ttl"));
}

#[tokio::test]
async fn a_server_that_hides_its_settings_is_refused_with_the_permission_it_lacks() {
    let redis = TestRedis::start_with(&[
        ("rename-command", "CONFIG hidden"),
        ("user", "dayline on nopass ~* &* +@all"),
    ]);
    assert_hidden(&redis).await;
    let redis = TestRedis::start();
    redis.run::<()>("ACL SETUSER dayline -config").await;
    assert_hidden(&redis).await;
}

async fn assert_hidden(redis: &TestRedis) {
    let refused = check_durability(&redis.server(), false).await.unwrap_err();
    assert!(refused.to_string().contains("CONFIG GET") && refused.to_string().contains("appendfsync always"));
    assert_eq!(check_durability(&redis.server(), true).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_replica_is_refused() {
    let redis = TestRedis::start_with(&[("replicaof", "127.0.0.1 1")]);
    let refused = check_durability(&redis.server(), false).await.unwrap_err();
    assert!(refused.to_string().contains("replica"), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_whatever_is_accepted() {
    let redis = TestRedis::start();
    redis.stop();
    for accept_less in [false, true] {
        let refused = check_durability(&redis.server(), accept_less).await.unwrap_err();
        assert!(matches!(refused, NotDurable::Unreachable(_)), "{refused}");
        assert!(!refused.to_string().contains("redis.sock"), "shows the address: {refused}");
    }
}
