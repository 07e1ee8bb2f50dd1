//! Whether the topic keeps what was acknowledged: asked at the start, and by the ping log again and
//! again.
//! Not here: changing its settings, which is the operator's.

use std::collections::HashMap;

use dayline_app::ports::MAX_RECORD_BYTES;
use rdkafka::error::RDKafkaErrorCode as Code;

use crate::cluster::{Cluster, Placed};
use crate::config::KafkaConfig;
use crate::error::{NotDurable, is_forbidden, told};

/// What a batch of one record needs beside it, in bytes, and more.
const ENVELOPE: usize = 1024;
/// The least time that records must be kept, in ms: a week.
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Refuses a topic, which must be there ([`crate::create_topic`]), that may lose what it has
/// acknowledged, unless `accept_less`: then the reasons come back as warnings. Gives what the
/// operator should know in any case.
pub async fn check_durability(config: &KafkaConfig, accept_less: bool) -> Result<Vec<String>, NotDurable> {
    let unreachable = |why| NotDurable::Unreachable(why);
    let cluster = Cluster::connect(config).map_err(|error| unreachable(error.to_string()))?;
    let mut found = look(&cluster).await.map_err(|code| unreachable(told(code)))?;
    if !accept_less && !found.objections.is_empty() {
        return Err(NotDurable::Objections(found.objections));
    }
    found.objections.append(&mut found.warnings);
    Ok(found.objections)
}

/// What a look at a topic showed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// It is known to lose pings, or not known to keep them.
    pub(crate) objections: Vec<String>,
    warnings: Vec<String>,
    /// How many partitions there are.
    pub(crate) partitions: u32,
    /// On how many machines a record must be before it is acknowledged; 0 if that is not shown.
    pub(crate) min_in_sync: usize,
}

/// Looks at the topic as it is now.
pub(crate) async fn look(cluster: &Cluster) -> Result<Found, Code> {
    let placed = cluster.layout().await?.ok_or(Code::UnknownTopicOrPartition)?;
    match cluster.settings().await {
        Ok(settings) => Ok(Found::of(&Settings(settings), &placed)),
        Err(code) if is_forbidden(code) => {
            let why = "kafka does not show the topic's settings: give dayline's user the acls describe, describe_configs, \
                       read, write and delete on the topic";
            Ok(Found {
                objections: vec![why.to_owned()],
                partitions: placed.len() as u32,
                ..Found::default()
            })
        }
        Err(code) => Err(code),
    }
}

/// Why a partition takes no records now, if one does not: each needs a leader, and so many machines
/// that have all of it.
pub(crate) fn find_unready(placed: &[Placed], min_in_sync: usize) -> Option<String> {
    placed.iter().enumerate().find_map(|(number, partition)| {
        let in_sync = partition.in_sync;
        if !partition.led {
            return Some(format!("partition {number} of the kafka topic has no leader"));
        }
        (in_sync < min_in_sync).then(|| {
            format!(
                "partition {number} of the kafka topic is in sync on {in_sync} machines, and min.insync.replicas is \
                 {min_in_sync}"
            )
        })
    })
}

struct Settings(HashMap<String, String>);

impl Settings {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A number, and what counts as one that is missing.
    fn number(&self, name: &str, otherwise: i64) -> i64 {
        self.text(name).parse().unwrap_or(otherwise)
    }
}

impl Found {
    fn of(settings: &Settings, placed: &[Placed]) -> Self {
        let min_in_sync = usize::try_from(settings.number("min.insync.replicas", 1)).unwrap_or(0);
        let mut found = Self { partitions: placed.len() as u32, min_in_sync, ..Self::default() };
        found.look_at_copies(settings, placed);
        found.look_at_retention(settings);
        let largest = settings.number("max.message.bytes", 0);
        let needed = (MAX_RECORD_BYTES + ENVELOPE) as i64;
        if largest < needed {
            found.object("max.message.bytes", largest, "large requests would fail", "4194304");
        }
        found
    }

    fn look_at_copies(&mut self, settings: &Settings, placed: &[Placed]) {
        let replicas = placed.iter().map(|partition| partition.replicas).min().unwrap_or(0) as i64;
        let in_sync = settings.number("min.insync.replicas", 1);
        // Kafka acknowledges what machines have in memory. Either several do, or each record is
        // written to the disk.
        if settings.number("flush.messages", i64::MAX) != 1 {
            let instead =
                "or flush.messages=1, which writes each record to the disk before it is acknowledged";
            if replicas < 3 {
                self.objections.push(format!(
                    "its partitions are on {replicas} machines, so that answered pings are lost with them: make it with a \
                     replication factor of 3, {instead}"
                ));
            }
            if in_sync < 2 {
                self.objections.push(format!(
                    "min.insync.replicas is {in_sync}, so that answered pings are lost with one machine: set \
                     min.insync.replicas=2, {instead}"
                ));
            }
        }
        if replicas > 1 && in_sync >= replicas {
            self.warnings.push(format!(
                "min.insync.replicas is {in_sync}, as many as there are replicas: while one machine is away, no ping is \
                 accepted"
            ));
        }
        if settings.text("unclean.leader.election.enable") != "false" {
            self.object(
                "unclean.leader.election.enable",
                settings.text("unclean.leader.election.enable"),
                "a machine that missed answered pings may take over, and they vanish",
                "false",
            );
        }
    }

    fn look_at_retention(&mut self, settings: &Settings) {
        let policy = settings.text("cleanup.policy");
        let policies: Vec<&str> = policy.split(',').map(str::trim).collect();
        if policies != ["delete"] {
            let otherwise = if policies.contains(&"compact") {
                "pings are thrown away as if they were versions of each other"
            } else {
                "what was processed can't be deleted"
            };
            self.object("cleanup.policy", policy, otherwise, "delete");
        }
        let kept_ms = settings.number("retention.ms", 0);
        if (0..WEEK_MS).contains(&kept_ms) {
            self.object("retention.ms", kept_ms, "pings are deleted that were not processed yet", "-1");
        }
        let kept_bytes = settings.number("retention.bytes", 0);
        if kept_bytes >= 0 {
            self.object("retention.bytes", kept_bytes, "pings are deleted that were not processed yet", "-1");
        }
        let stamped = settings.text("message.timestamp.type");
        if kept_ms >= 0 && stamped != "LogAppendTime" {
            self.object(
                "message.timestamp.type",
                stamped,
                "a wrong clock lets pings expire",
                "LogAppendTime, or retention.ms=-1",
            );
        }
    }

    fn object(&mut self, name: &str, value: impl std::fmt::Display, otherwise: &str, right: &str) {
        self.objections.push(format!(
            "{name} is {value}, so that {otherwise}: set {name}={right} (kafka-configs.sh --alter --entity-type topics \
             --add-config)"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 8] = [
        ("min.insync.replicas", "2"),
        ("flush.messages", "9223372036854775807"),
        ("unclean.leader.election.enable", "false"),
        ("cleanup.policy", "delete"),
        ("retention.ms", "-1"),
        ("retention.bytes", "-1"),
        ("message.timestamp.type", "LogAppendTime"),
        ("max.message.bytes", "4194304"),
    ];

    fn found(replicas: usize, settings: &[(&str, &str)]) -> Found {
        let all = GOOD.iter().chain(settings);
        let settings = all.map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let placed = Placed { replicas, in_sync: replicas, led: true };
        Found::of(&Settings(settings), &[placed; 4])
    }

    #[test]
    fn a_topic_as_it_is_made_is_good_on_three_machines_and_on_one_that_writes_each_record() {
        assert_eq!(found(3, &[]), Found { partitions: 4, min_in_sync: 2, ..Found::default() });
        let alone = found(1, &[("min.insync.replicas", "1"), ("flush.messages", "1")]);
        assert_eq!(alone, Found { partitions: 4, min_in_sync: 1, ..Found::default() });
    }

    #[test]
    fn each_setting_that_loses_pings_is_refused_with_what_it_must_be() {
        type Case<'a> = (usize, &'a [(&'a str, &'a str)], &'a str);
        let cases: [Case<'_>; 13] = [
            (2, &[], "replication factor of 3"),
            (3, &[("min.insync.replicas", "1")], "min.insync.replicas=2"),
            (3, &[("unclean.leader.election.enable", "true")], "unclean.leader.election.enable=false"),
            (3, &[("cleanup.policy", "compact")], "cleanup.policy=delete"),
            (3, &[("cleanup.policy", "compact,delete")], "cleanup.policy=delete"),
            (3, &[("cleanup.policy", "")], "cleanup.policy=delete"),
            (3, &[("retention.ms", "604799999")], "retention.ms=-1"),
            (3, &[("retention.ms", "0")], "retention.ms=-1"),
            (3, &[("retention.bytes", "0")], "retention.bytes=-1"),
            (3, &[("retention.bytes", "1073741824")], "retention.bytes=-1"),
            (
                3,
                &[("retention.ms", "604800000"), ("message.timestamp.type", "CreateTime")],
                "message.timestamp.type=LogAppendTime",
            ),
            (3, &[("max.message.bytes", "1048588")], "max.message.bytes=4194304"),
            (3, &[("min.insync.replicas", "")], "min.insync.replicas=2"),
        ];
        for (replicas, settings, cure) in cases {
            let found = found(replicas, settings);
            assert_eq!(found.objections.len(), 1, "{settings:?}: {found:?}");
            assert!(found.objections[0].contains(cure), "{found:?}");
        }
    }

    #[test]
    fn what_loses_nothing_is_not_refused() {
        for settings in [
            &[("retention.ms", "604800000")][..],
            &[("message.timestamp.type", "CreateTime")],
            &[("flush.messages", "1"), ("min.insync.replicas", "1")],
        ] {
            assert_eq!(found(3, settings).objections, Vec::<String>::new(), "{settings:?}");
        }
    }

    #[test]
    fn a_partition_takes_records_with_a_leader_and_enough_machines_in_sync() {
        let good = Placed { replicas: 3, in_sync: 2, led: true };
        assert_eq!(find_unready(&[good; 3], 2), None);
        for (bad, why) in [
            (Placed { led: false, ..good }, "partition 1 of the kafka topic has no leader"),
            (Placed { in_sync: 1, ..good }, "partition 1 of the kafka topic is in sync on 1 machines"),
        ] {
            let told = find_unready(&[good, bad, good], 2).unwrap();
            assert!(told.starts_with(why), "{told}");
        }
    }

    #[test]
    fn a_topic_that_needs_all_its_machines_is_warned_of() {
        assert_eq!(found(3, &[("min.insync.replicas", "3")]).warnings.len(), 1);
    }
}
