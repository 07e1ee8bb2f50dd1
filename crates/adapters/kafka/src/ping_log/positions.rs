//! Positions in Kafka. The minor part is the offset after an entry's. The major part is `epoch <<
//! 32 | mark`, where the mark is the CRC-32 of the topic's id, which changes when a topic of the
//! same name is made again. Who was somewhere else, or beyond what there is, starts at the log's
//! start in the next epoch: so nothing is skipped, and positions only grow.
//! Not here: asking Kafka.

use dayline_app::ports::{PortError, Position};

use crate::cluster::Bounds;
use crate::native::TopicId;

/// Where a reader starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// The major part of what it reads.
    pub(super) major: u64,
    /// The first offset that it reads.
    pub(super) offset: i64,
    /// How that came.
    pub(super) how: How,
}

/// How a reader comes to start somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It goes on where it was.
    GoesOn,
    /// It has read nothing of this topic yet.
    Fresh,
    /// It was further than the topic is: an older copy, or one whose leader had not everything.
    WasBeyond,
    /// So many entries after its position are gone.
    Lost(u64),
}

/// The mark of a topic.
pub(super) fn mark(topic: TopicId) -> u32 {
    crc32fast::hash(&topic.0.to_be_bytes())
}

pub(super) fn major(epoch: u32, topic: TopicId) -> u64 {
    u64::from(epoch) << 32 | u64::from(mark(topic))
}

pub(super) fn epoch(major: u64) -> u32 {
    (major >> 32) as u32
}

/// The position of the entry at an offset, which is not negative.
pub(super) fn position(major: u64, offset: i64) -> Position {
    Position { major, minor: offset as u64 + 1 }
}

/// Where to go on after a position; `rewritten`: what it was read from is known to have been
/// replaced.
pub(super) fn find(
    after: Position,
    topic: TopicId,
    bounds: Bounds,
    rewritten: bool,
) -> Result<Start, PortError> {
    let was_here = after.major != 0 && after.major as u32 == mark(topic);
    let beyond = after.minor > bounds.end as u64;
    if was_here && !beyond && !rewritten {
        let offset = after.minor as i64;
        let lost = bounds.start - offset;
        if lost > 0 {
            return Ok(Start { major: after.major, offset: bounds.start, how: How::Lost(lost as u64) });
        }
        return Ok(Start { major: after.major, offset, how: How::GoesOn });
    }
    let epoch = epoch(after.major).checked_add(1);
    let epoch = epoch.ok_or_else(|| {
        PortError::Corrupt(format!("position {after} was never given by a ping log in kafka"))
    })?;
    let how = match bounds.start {
        _ if was_here => How::WasBeyond,
        // Another ledger has had what the topic began with.
        gone if gone > 0 && after == Position::START => How::Lost(gone as u64),
        _ => How::Fresh,
    };
    Ok(Start { major: major(epoch, topic), offset: bounds.start, how })
}

/// What of this topic comes before a position.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// All before this offset.
    Before(i64),
    /// All there is.
    All,
    /// Nothing: the position comes before all of this topic.
    Nothing,
}

/// What is settled of a topic up to a position, where readers last read with the major part `read`,
/// if any did.
pub(super) fn settled(up_to: Position, topic: TopicId, read: Option<u64>) -> Settled {
    // Without a reader nobody knows which epoch this is, but that it is not the last one there can
    // be.
    let now = read.map_or(u32::MAX - 1, epoch);
    if epoch(up_to.major) > now {
        return Settled::All;
    }
    let ours = up_to.major != 0 && up_to.major as u32 == mark(topic);
    if !ours || epoch(up_to.major) < read.map_or(0, epoch) {
        return Settled::Nothing;
    }
    i64::try_from(up_to.minor).map_or(Settled::All, Settled::Before)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: TopicId = TopicId(7);
    const OTHER: TopicId = TopicId(8);
    const BOUNDS: Bounds = Bounds { start: 10, end: 20 };

    fn at(epoch: u32, topic: TopicId, minor: u64) -> Position {
        Position { major: major(epoch, topic), minor }
    }

    fn found(after: Position) -> (u32, i64, How) {
        let start = find(after, TOPIC, BOUNDS, false).unwrap();
        assert_eq!(start.major as u32, mark(TOPIC));
        (epoch(start.major), start.offset, start.how)
    }

    #[test]
    fn who_was_in_this_topic_goes_on_where_it_was() {
        assert_eq!(found(at(1, TOPIC, 10)), (1, 10, How::GoesOn));
        assert_eq!(found(at(3, TOPIC, 15)), (3, 15, How::GoesOn));
        assert_eq!(found(at(1, TOPIC, 20)), (1, 20, How::GoesOn));
    }

    #[test]
    fn who_was_elsewhere_or_nowhere_starts_at_the_start_in_the_next_epoch() {
        // As Redis gives them: milliseconds and bytes.
        let of_redis = Position { major: 1_764_000_000_000, minor: 123_456 };
        for (after, next) in [(at(4, OTHER, 15), 5), (of_redis, 411)] {
            assert_eq!(found(after), (next, 10, How::Fresh));
        }
        let whole = find(Position::START, TOPIC, Bounds { start: 0, ..BOUNDS }, false).unwrap();
        assert_eq!((epoch(whole.major), whole.offset, whole.how), (1, 0, How::Fresh));
        // What the topic began with was given to somebody else.
        assert_eq!(found(Position::START), (1, 10, How::Lost(10)));
    }

    #[test]
    fn who_was_beyond_the_end_or_read_what_was_rewritten_reads_all_again_in_the_next_epoch() {
        assert_eq!(found(at(1, TOPIC, 21)), (2, 10, How::WasBeyond));
        assert_eq!(found(at(1, TOPIC, u64::MAX)), (2, 10, How::WasBeyond));
        let rewritten = find(at(1, TOPIC, 15), TOPIC, BOUNDS, true).unwrap();
        assert_eq!((epoch(rewritten.major), rewritten.offset, rewritten.how), (2, 10, How::WasBeyond));
    }

    #[test]
    fn what_is_gone_after_the_position_is_counted() {
        assert_eq!(found(at(2, TOPIC, 3)), (2, 10, How::Lost(7)));
    }

    #[test]
    fn wherever_a_reader_was_what_it_reads_comes_later() {
        for after in [Position::START, at(1, TOPIC, 12), at(1, TOPIC, 3), at(1, TOPIC, 99), at(9, OTHER, 1)] {
            let start = find(after, TOPIC, BOUNDS, false).unwrap();
            assert!(position(start.major, start.offset) > after, "{after}");
        }
    }

    #[test]
    fn after_the_last_epoch_there_is_none() {
        let last = Position { major: u64::MAX, minor: 0 };
        assert!(matches!(find(last, TOPIC, BOUNDS, false), Err(PortError::Corrupt(_))));
    }

    #[test]
    fn what_was_read_is_settled_and_no_more() {
        let read = Some(major(3, TOPIC));
        assert_eq!(settled(at(3, TOPIC, 15), TOPIC, read), Settled::Before(15));
        assert_eq!(settled(at(3, TOPIC, 15), TOPIC, None), Settled::Before(15));
        // Positions from before the topic was made, or was read again.
        for before in [Position::START, at(2, OTHER, 15), at(2, TOPIC, 15)] {
            assert_eq!(settled(before, TOPIC, read), Settled::Nothing, "{before}");
        }
        assert_eq!(settled(at(2, OTHER, 15), TOPIC, None), Settled::Nothing);
        for beyond in [Position { major: u64::MAX, minor: 0 }, at(4, TOPIC, 0)] {
            assert_eq!(settled(beyond, TOPIC, read), Settled::All, "{beyond}");
        }
    }
}
