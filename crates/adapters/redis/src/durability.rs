//! Whether a Redis keeps what it has acknowledged: asked at the start, and by the ping log again
//! and again. Not here: changing its settings, which is the operator's.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind, cmd};

use crate::config::RedisConfig;
use crate::error::NotDurable;

/// Exact trimming by id, ranges that leave out their start.
const OLDEST: (u32, u32) = (6, 2);

/// Settings with the value each must have, and what happens otherwise.
const SETTINGS: [(&str, &str, &str); 4] = [
    ("appendonly", "yes", "what redis holds is lost when it stops"),
    ("appendfsync", "always", "answered pings are lost when the machine stops"),
    ("no-appendfsync-on-rewrite", "no", "answered pings are lost when the machine stops during a rewrite"),
    ("maxmemory-policy", "noeviction", "redis throws pings away when its memory is used up"),
];

/// Refuses a Redis that may lose what it has acknowledged, unless `accept_less`: then the reasons
/// come back as warnings. Gives what the operator should know in any case.
pub async fn check_durability(config: &RedisConfig, accept_less: bool) -> Result<Vec<String>, NotDurable> {
    let mut connection = config.connect().await.map_err(NotDurable::Unreachable)?;
    let mut found = look(&mut connection, config.may_change()).await.map_err(NotDurable::Unreachable)?;
    if !accept_less && !found.objections.is_empty() {
        return Err(NotDurable::Objections(found.objections));
    }
    found.objections.append(&mut found.warnings);
    Ok(found.objections)
}

/// What a look at a Redis showed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// It is known to lose pings, or not known to keep them.
    pub(crate) objections: Vec<String>,
    warnings: Vec<String>,
}

/// Looks at the Redis behind this connection. If a replica may take its place, one must be there.
pub(crate) async fn look(connection: &mut MultiplexedConnection, may_change: bool) -> RedisResult<Found> {
    let mut found = Found::default();
    match settings(connection).await {
        Ok(settings) => found.object_to_settings(&settings),
        Err(error) if is_forbidden(&error) => found.objections.push(
            "redis does not show its settings: allow its user CONFIG GET (acl: +config|get), or make sure of \
             appendonly yes, appendfsync always, no-appendfsync-on-rewrite no and maxmemory-policy noeviction \
             and accept less explicitly"
                .to_owned(),
        ),
        Err(error) => return Err(error),
    }
    match info(connection).await {
        Ok(info) => found.look_at_info(&info, may_change),
        Err(error) if is_forbidden(&error) => found
            .warnings
            .push("redis does not show its state (INFO): its version and role are unknown".to_owned()),
        Err(error) => return Err(error),
    }
    Ok(found)
}

async fn settings(connection: &mut MultiplexedConnection) -> RedisResult<HashMap<String, String>> {
    let mut found = HashMap::new();
    for (name, _, _) in SETTINGS {
        let setting: HashMap<String, String> =
            cmd("CONFIG").arg("GET").arg(name).query_async(connection).await?;
        found.extend(setting);
    }
    Ok(found)
}

impl Found {
    fn object_to_settings(&mut self, settings: &HashMap<String, String>) {
        for (name, wanted, otherwise) in SETTINGS {
            match settings.get(name) {
                Some(value) if value == wanted => {}
                Some(value) => self.objections.push(format!(
                    "{name} is {value}, so that {otherwise}: set {name} {wanted} in redis.conf (or CONFIG SET {name} {wanted})"
                )),
                None => self.objections.push(format!(
                    "{name} is unknown to this server, so that perhaps {otherwise}: it must be {wanted}"
                )),
            }
        }
    }

    fn look_at_info(&mut self, info: &HashMap<String, String>, may_change: bool) {
        let get = |name: &str| info.get(name).map_or("", String::as_str);
        let version = get("redis_version");
        if parse_version(version).is_some_and(|version| version < OLDEST) {
            let (major, minor) = OLDEST;
            self.objections
                .push(format!("redis has the version {version}: it must be at least {major}.{minor}"));
        }
        if get("role") == "slave" {
            self.objections.push("redis is a replica: connect to its primary".to_owned());
        }
        if get("cluster_enabled") == "1" {
            self.objections.push(
                "redis runs in cluster mode: a script needs all keys of the ping log on one node".to_owned(),
            );
        }
        if get("aof_last_write_status") == "err" {
            self.objections.push("redis failed to write its append-only file: look at its disk".to_owned());
        }
        let has_replicas = !matches!(get("connected_slaves"), "" | "0");
        if may_change && !has_replicas {
            self.objections.push(
                "redis has no replica, so that nobody else has what it acknowledges: start one, or wait until it \
                 has caught up"
                    .to_owned(),
            );
        }
        if has_replicas && !may_change {
            self.warnings.push(
                "redis has replicas: they lag behind, so that a failover can lose answered pings (with redis+sentinel:// they \
                 confirm each)"
                    .to_owned(),
            );
        }
    }
}

async fn info(connection: &mut MultiplexedConnection) -> RedisResult<HashMap<String, String>> {
    let text: String = cmd("INFO").query_async(connection).await?;
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect())
}

fn parse_version(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Forbidden by an access list, or renamed out of reach.
pub(crate) fn is_forbidden(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)
        || error.detail().is_some_and(|detail| detail.contains("unknown command"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_at(info: &[(&str, &str)], may_change: bool) -> (usize, usize) {
        let mut found = Found::default();
        let info = info.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        found.look_at_info(&info, may_change);
        (found.objections.len(), found.warnings.len())
    }

    #[test]
    fn replicas_clusters_old_versions_and_failed_writes_are_refused_and_having_replicas_is_said() {
        let good = [("redis_version", "7.0.15"), ("role", "master"), ("connected_slaves", "0")];
        assert_eq!(looked_at(&good, false), (0, 0));
        assert_eq!(looked_at(&[], false), (0, 0));
        let bad_ones = [
            ("redis_version", "6.0.16"),
            ("role", "slave"),
            ("cluster_enabled", "1"),
            ("aof_last_write_status", "err"),
        ];
        for bad in bad_ones {
            assert_eq!(looked_at(&[bad], false), (1, 0), "{bad:?}");
        }
        assert_eq!(looked_at(&[("connected_slaves", "1")], false), (0, 1));
    }

    #[test]
    fn where_a_replica_may_take_over_there_must_be_some() {
        for (replicas, objections) in [("0", 1), ("1", 0), ("2", 0)] {
            assert_eq!(looked_at(&[("connected_slaves", replicas)], true), (objections, 0), "{replicas}");
        }
    }
}
