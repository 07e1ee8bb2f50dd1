//! What an address with sentinels says:
//! `redis+sentinel://[user:password@]host[:26379][,host…]/service[/db][?sentinel_user=…&sentinel_password=…]`.
//! What is wrong with one is told without any part of it: it holds passwords, and who writes it
//! wrong may have put one anywhere.

use redis::{ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo, parse_redis_url};

const PORT: u16 = 26_379;
const PLAIN: &str = "redis+sentinel://";
const TLS: &str = "rediss+sentinel://";

/// Where the sentinels are, whom to ask them for, and as whom.
#[derive(Clone)]
pub(super) struct Address {
    /// At least one.
    pub(super) sentinels: Vec<(String, u16)>,
    /// What sentinels call the primary and its replicas.
    pub(super) service: String,
    /// Whether the sentinels and the servers are reached over TLS.
    pub(super) tls: bool,
    pub(super) to_server: RedisConnectionInfo,
    pub(super) to_sentinel: RedisConnectionInfo,
}

/// Whether this is to be such an address, right or wrong.
pub(super) fn is_meant_by(url: &str) -> bool {
    url.starts_with(PLAIN) || url.starts_with(TLS)
}

/// Reads one; says what is wrong with it.
pub(super) fn parse(url: &str) -> Result<Address, String> {
    let (tls, rest) = match (url.strip_prefix(PLAIN), url.strip_prefix(TLS)) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        (None, None) => return Err("it does not begin so".to_owned()),
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (person, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let sentinels = hosts.split(',').enumerate().map(|(at, host)| sentinel(at + 1, host));
    let sentinels: Vec<_> = sentinels.collect::<Result<_, _>>()?;
    // The tail by itself, so that hosts with ports do no harm to it.
    let tail = parse_redis_url(&format!("redis://host{tail}")).ok_or("what follows the hosts is no path")?;
    if tail.fragment().is_some() {
        return Err("certificates are always checked, so that nothing follows a #".to_owned());
    }
    let mut path = tail.path().trim_start_matches('/').splitn(2, '/');
    let service = service(path.next().unwrap_or_default())?;
    let to_server = server(person, path.next().unwrap_or_default())?;
    let to_sentinel = at_sentinels(tail.query_pairs())?;
    Ok(Address { sentinels, service, tls, to_server, to_sentinel })
}

/// A host, and its port if it is not the usual one.
fn sentinel(number: usize, host: &str) -> Result<(String, u16), String> {
    let wrong =
        || format!("host {number} is not one: a name or an address, and a port where it is not {PORT}");
    let url = parse_redis_url(&format!("redis://{host}")).ok_or_else(wrong)?;
    let port = url.port().unwrap_or(PORT);
    match url.into_connection_info().map_err(|_| wrong())?.addr() {
        ConnectionAddr::Tcp(host, _) => Ok((host.clone(), port)),
        _ => Err(wrong()),
    }
}

fn service(name: &str) -> Result<String, String> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if name.is_empty() {
        return Err("the service is missing, the name of `sentinel monitor` in sentinel.conf".to_owned());
    }
    if !name.bytes().all(is_fit) {
        return Err("the service has other characters than letters, digits, dots and dashes".to_owned());
    }
    Ok(name.to_owned())
}

/// As whom to use the servers, and which of their databases.
fn server(person: &str, database: &str) -> Result<RedisConnectionInfo, String> {
    let person = if person.is_empty() { String::new() } else { format!("{person}@") };
    if !database.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the database behind the service is no number".to_owned());
    }
    let url = format!("redis://{person}host/{database}");
    let wrong =
        |_| "user, password or database can't be read: write what is no letter or digit as %XX".to_owned();
    let info = url.into_connection_info().map_err(wrong)?;
    let settings = info.redis_settings().clone();
    Ok(settings.set_protocol(ProtocolVersion::RESP3).set_skip_set_lib_name())
}

/// As whom to ask the sentinels.
fn at_sentinels<'a>(
    options: impl Iterator<Item = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>,
) -> Result<RedisConnectionInfo, String> {
    let mut settings = RedisConnectionInfo::default().set_skip_set_lib_name();
    for (name, value) in options {
        settings = match &*name {
            "sentinel_user" => settings.set_username(value),
            "sentinel_password" => settings.set_password(value),
            _ => return Err("only sentinel_user and sentinel_password can follow a ?".to_owned()),
        };
    }
    if settings.username().is_some() && settings.password().is_none() {
        return Err("sentinel_user needs a sentinel_password".to_owned());
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(url: &str) -> Vec<(String, u16)> {
        parse(url).unwrap().sentinels
    }

    #[test]
    fn an_address_names_sentinels_service_and_database_and_as_whom_to_come() {
        let address = parse(
            "rediss+sentinel://ada:s%40c%2Fret@one,two:26380,[::1]:7/dayline-1/3?sentinel_user=eve&sentinel_password=a%26b",
        )
        .unwrap();
        let expected = [("one", 26_379), ("two", 26_380), ("::1", 7)];
        assert_eq!(address.sentinels, expected.map(|(host, port)| (host.to_owned(), port)));
        assert!(address.tls && address.service == "dayline-1");
        let (server, sentinel) = (&address.to_server, &address.to_sentinel);
        assert_eq!((server.username(), server.password(), server.db()), (Some("ada"), Some("s@c/ret"), 3));
        assert_eq!((sentinel.username(), sentinel.password(), sentinel.db()), (Some("eve"), Some("a&b"), 0));
    }

    #[test]
    fn all_but_a_host_and_the_service_may_be_left_out() {
        let address = parse("redis+sentinel://one/dayline").unwrap();
        assert_eq!(address.sentinels, [("one".to_owned(), 26_379)]);
        assert!(!address.tls);
        for settings in [&address.to_server, &address.to_sentinel] {
            assert_eq!((settings.username(), settings.password(), settings.db()), (None, None, 0));
        }
        for same in ["redis+sentinel://one/dayline/", "redis+sentinel://one:26379/dayline/0"] {
            let same = parse(same).unwrap();
            assert_eq!((same.sentinels, same.to_server.db()), (address.sentinels.clone(), 0));
        }
        assert_eq!(hosts("redis+sentinel://:secret@10.0.0.1,[fe80::1]/dayline").len(), 2);
        let only = parse("redis+sentinel://one/dayline?sentinel_password=x").unwrap().to_sentinel;
        assert_eq!((only.username(), only.password()), (None, Some("x")));
    }

    #[test]
    fn what_is_wrong_is_told_and_nothing_of_the_address() {
        for (url, why) in [
            ("redis://secret/dayline", "does not begin"),
            ("redis+sentinel://", "host 1 "),
            ("redis+sentinel:///dayline", "host 1 "),
            ("redis+sentinel://a:secret@/dayline", "host 1 "),
            ("redis+sentinel://one,,secret/dayline", "host 2 "),
            ("redis+sentinel://one,secret:x/dayline", "host 2 "),
            ("redis+sentinel://one,secret:70000/dayline", "host 2 "),
            ("redis+sentinel://[secret/dayline", "host 1 "),
            ("redis+sentinel://a:sec/ret@one/dayline", "host 1 "),
            ("redis+sentinel://one,0.0.0.0/secret", "host 2 "),
            ("redis+sentinel://a:secret@one", "service is missing"),
            ("redis+sentinel://a:secret@one/", "service is missing"),
            ("redis+sentinel://a:secret@one?sentinel_password=x", "service is missing"),
            ("redis+sentinel://one/sec%20ret", "other characters"),
            ("redis+sentinel://one/dayline/secret", "no number"),
            ("redis+sentinel://one/dayline/0/secret", "no number"),
            ("redis+sentinel://one/dayline/-1", "no number"),
            ("redis+sentinel://one/dayline/99999999999999999999", "can't be read"),
            ("redis+sentinel://ada:secret%ff@one/dayline", "can't be read"),
            ("rediss+sentinel://a:secret@one/dayline#insecure", "always checked"),
            ("redis+sentinel://one/dayline?sentinel_pasword=secret", "only sentinel_user"),
            ("redis+sentinel://one/dayline?sentinel_user=secret", "needs a sentinel_password"),
        ] {
            let wrong = parse(url).err().unwrap();
            assert!(wrong.contains(why), "{url}: {wrong}");
            assert!(!wrong.contains("sec") && !wrong.contains("ret"), "{url}: {wrong}");
        }
    }
}
