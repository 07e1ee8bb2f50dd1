//! What the user may do that operators are handed for Dayline. All tests here connect as that user, so that each command that
//! Dayline needs is known to be allowed; this one is of all others.

use redis::{Client, ErrorKind, ServerErrorKind};

use crate::test_redis::TestRedis;

#[tokio::test]
async fn daylines_user_may_do_nothing_but_what_dayline_does_to_its_own_keys() {
    let redis = TestRedis::start();
    redis.run::<()>("SET other:log 1").await;
    let client = Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for command in [
        "FLUSHALL",
        "KEYS *",
        "DEL dayline:log",
        "CONFIG SET appendfsync no",
        "CONFIG REWRITE",
        "ACL LIST",
        "EVAL return(1) 0",
        "SCRIPT FLUSH",
        "MONITOR",
        "SHUTDOWN",
        "REPLICAOF NO ONE",
        "GET other:log",
        "SET other:log 2",
        "PUBLISH other message",
        "SUBSCRIBE other",
    ] {
        let mut words = command.split(' ');
        let mut asked = redis::cmd(words.next().unwrap());
        let refused = asked.arg(words.collect::<Vec<_>>()).exec_async(&mut connection).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Server(ServerErrorKind::NoPerm), "{command}: {refused}");
    }
}
