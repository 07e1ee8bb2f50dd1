//! Options about addresses, connections and proxies.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use dayline_api::ApiConfig;
use dayline_http_kit::base_path::{base_path, first_part};
use dayline_http_kit::origin::AllowedOrigin;
use dayline_http_kit::proxy::{Cidr, ForwardedHeader};
use dayline_http_kit::{ConnectionConfig, KitConfig, Metrics};

use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units;

/// Addresses, connections and proxies.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkOptions {
    /// Address or host name, and port, to listen on, as `localhost:8080`; port 0 takes a free one
    #[arg(
        long,
        env = "DAYLINE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT",
        value_parser = listen_address
    )]
    pub(crate) listen: SocketAddr,
    /// Address and port of a listener of its own for `/metrics` and `/readyz`, which the other one then does not have
    #[arg(long, env = "DAYLINE_OPERATIONS_LISTEN", value_name = "ADDRESS:PORT", value_parser = listen_address)]
    pub(crate) operations_listen: Option<SocketAddr>,
    /// File into which the address is written once the server listens
    #[arg(long, env = "DAYLINE_ADDRESS_FILE", value_name = "FILE")]
    pub(crate) address_file: Option<PathBuf>,
    /// Proxies (addresses or ranges such as 10.0.0.0/8) whose word about a client's address is taken
    #[arg(
        long = "trusted-proxy",
        env = "DAYLINE_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "RANGE"
    )]
    pub(crate) trusted_proxies: Vec<Cidr>,
    /// Header in which those proxies name the client
    #[arg(long, env = "DAYLINE_FORWARDED_HEADER", value_enum, default_value = "x-forwarded-for")]
    pub(crate) forwarded_header: HeaderName,
    /// Origins of other sites whose pages may call the API, as `https://example.org`; all of a browser's extensions
    /// are `chrome-extension://*`, `moz-extension://*` or `safari-web-extension://*`
    #[arg(
        long = "allowed-origin",
        env = "DAYLINE_ALLOWED_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    pub(crate) allowed_origins: Vec<AllowedOrigin>,
    /// Where people reach this server, with the path if a proxy has it under one; the host they themselves use if
    /// not given
    #[arg(long, env = "DAYLINE_PUBLIC_URL", value_name = "https://HOST", value_parser = public_url)]
    pub(crate) public_url: Option<String>,
    /// Serve no pages but the one on which a device is approved, whose address trackers show
    #[arg(long, env = "DAYLINE_NO_WEB", value_parser = BoolishValueParser::new())]
    pub(crate) no_web: bool,
    /// Most connections at a time
    #[arg(long, env = "DAYLINE_MAX_CONNECTIONS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: u32,
    /// How long a request's head may take to arrive
    #[arg(long, env = "DAYLINE_HEADER_TIMEOUT", default_value = "10s", value_parser = units::some_time)]
    pub(crate) header_timeout: Duration,
    /// How long a request's body may take to arrive
    #[arg(long, env = "DAYLINE_BODY_TIMEOUT", default_value = "30s", value_parser = units::some_time)]
    pub(crate) body_timeout: Duration,
    /// How long a connection may be open between two requests
    #[arg(long, env = "DAYLINE_IDLE_TIMEOUT", default_value = "60s", value_parser = units::some_time)]
    pub(crate) idle_timeout: Duration,
    /// How long a client may read nothing of an answer
    #[arg(long, env = "DAYLINE_WRITE_TIMEOUT", default_value = "30s", value_parser = units::some_time)]
    pub(crate) write_timeout: Duration,
    /// Memory for request bodies that are still arriving, over all connections
    #[arg(long, env = "DAYLINE_BODY_MEMORY", default_value = "64MiB", value_parser = units::bytes)]
    pub(crate) body_memory: u64,
    /// Pings that are taken in at a time, over all connections, each request counted as 4 KiB more; what comes on top
    /// is refused at once by 503. The default is about 60 ms of work for two processors
    #[arg(long, env = "DAYLINE_PING_WORK", default_value = "8MiB", value_parser = units::bytes)]
    pub(crate) ping_work: u64,
    /// Most streams of live events at a time; each is a connection
    #[arg(long, env = "DAYLINE_MAX_LIVE_STREAMS", default_value_t = 2_000)]
    pub(crate) max_live_streams: u32,
    /// How long a server that was told to stop goes on as before while `/readyz` says that it is not ready: longer than
    /// what is in front of it takes to notice
    #[arg(long, env = "DAYLINE_DRAIN", default_value = "0s", value_parser = units::duration)]
    pub(crate) drain: Duration,
    /// How long requests in flight may take once it stops
    #[arg(long, env = "DAYLINE_STOP_GRACE", default_value = "5s", value_parser = units::duration)]
    pub(crate) stop_grace: Duration,
}

/// Where proxies name the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeaderName {
    /// `X-Forwarded-For: client, proxy`
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239)
    Forwarded,
}

/// An address with its port, or that of a host by its name: of several the first of IPv4, which is what clients expect
/// of `localhost` where they take just one.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let example = "write address and port, such as 127.0.0.1:8080 or localhost:8080, or 0.0.0.0:8080 for other machines";
    let is_host_and_port = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !host.contains(':') && port.parse::<u16>().is_ok());
    if !is_host_and_port {
        return Err(format!("{text:?} is no address to listen on; {example}"));
    }
    let found =
        text.to_socket_addrs().map_err(|error| format!("{text:?} is not found ({error}); {example}"))?;
    let found: Vec<SocketAddr> = found.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| format!("{text:?} has no address; {example}"))
}

/// Reads the address at which people reach a server.
pub(crate) fn public_url(text: &str) -> Result<String, String> {
    let after = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let (host, path) =
        after.and_then(|after| after.split_once('/')).unwrap_or((after.unwrap_or_default(), ""));
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    if host.is_empty()
        || host.contains(['?', '#', '@', ' '])
        || !path.bytes().all(is_plain)
        || path.starts_with('/')
        || path.contains("//")
    {
        return Err(format!("{text:?} is not of the form https://host[:port][/path]"));
    }
    Ok(text.to_owned())
}

impl NetworkOptions {
    /// That the path of the public address can be told from the paths of routes, given by their patterns: proxies may
    /// take it off or not.
    ///
    /// # Errors
    /// If it can't.
    pub(crate) fn check_public_path(&self, patterns: &[String]) -> Result<(), Failure> {
        let base = base_path(self.public_url.as_deref());
        let first = first_part(base);
        if base.is_empty() || patterns.iter().all(|pattern| first_part(pattern) != first) {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "--public-url has the path {base}, but {first} is where Dayline has something of its own; choose another \
             path, such as /time"
        )))
    }

    /// The settings of the API.
    pub(crate) fn api(&self) -> ApiConfig {
        ApiConfig { max_live_streams: self.max_live_streams as usize }
    }

    /// The settings that all faces share.
    pub(crate) fn kit(&self, access_log: bool) -> KitConfig {
        KitConfig {
            trusted_proxies: self.trusted_proxies.clone(),
            forwarded_header: match self.forwarded_header {
                HeaderName::XForwardedFor => ForwardedHeader::XForwardedFor,
                HeaderName::Forwarded => ForwardedHeader::Forwarded,
            },
            allowed_origins: self.allowed_origins.clone(),
            public_url: self.public_url.clone(),
            body_timeout: self.body_timeout,
            max_body_memory: usize::try_from(self.body_memory).unwrap_or(usize::MAX),
            max_ping_work: usize::try_from(self.ping_work).unwrap_or(usize::MAX),
            access_log,
        }
    }

    /// The settings of the connections. `leaving` is set when the server was told to stop.
    pub(crate) fn connections(&self, metrics: Metrics, leaving: Arc<AtomicBool>) -> ConnectionConfig {
        // Not for operators to set.
        let ConnectionConfig { drain, max_stuck, .. } = ConnectionConfig::default();
        ConnectionConfig {
            header_timeout: self.header_timeout,
            idle_timeout: self.idle_timeout,
            write_timeout: self.write_timeout,
            max_connections: self.max_connections as usize,
            grace: self.stop_grace,
            drain,
            max_stuck,
            metrics: Some(metrics),
            leaving,
        }
    }
}
