//! Every connection begins an epoch; readers do not notice.

use dayline_app::ports::{PingLog, Position};

use super::{FIRST, append, open, text};
use crate::test_redis::TestRedis;

#[tokio::test]
async fn what_was_appended_over_many_connections_is_read_at_once_as_far_as_it_fits() {
    let redis = TestRedis::start();
    let reader = open(&redis).await;
    for number in 0..8 {
        let log = open(&redis).await;
        append(&log, &format!("{number}a")).await;
        append(&log, &format!("{number}b")).await;
    }
    let all = reader.read_after(FIRST, Position::START, 1 << 20).await.unwrap().entries;
    assert_eq!(text(&all), "0a0b1a1b2a2b3a3b4a4b5a5b6a6b7a7b");
    let some = reader.read_after(FIRST, Position::START, 11).await.unwrap().entries;
    assert_eq!(text(&some), "0a0b1a1b2a");
    let rest = reader.read_after(FIRST, some.last().unwrap().position, 1 << 20).await.unwrap().entries;
    assert_eq!(text(&rest), "2b3a3b4a4b5a5b6a6b7a7b");
}
