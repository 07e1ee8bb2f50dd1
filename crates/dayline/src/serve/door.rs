//! The door for trackers of this computer that can send no key.

use dayline_app::App;
use dayline_domain::DeviceId;
use dayline_http_kit::origin::AllowedOrigin;
use dayline_http_kit::{KitConfig, KitState, Metrics, Router, assemble};
use dayline_trackers::activitywatch::{Door, door};

use super::process;
use crate::config::DoorOptions;
use dayline_cli_kit::failure::Failure;

/// What the origins of browsers' extensions begin with.
const EXTENSIONS: [&str; 3] = ["moz-extension", "chrome-extension", "safari-web-extension"];
/// Bytes of bodies that may arrive at a time, and of pings that may be in flight: of one computer's watchers.
const MEMORY: usize = 8 << 20;

/// What answers at the door.
///
/// # Errors
/// If there is no such account, or it can't be asked for; if the system has no thread left.
pub(super) async fn open(
    options: &DoorOptions,
    app: &App,
    metrics: Metrics,
    config: KitConfig,
) -> Result<Router, Failure> {
    let found = app.accounts.find_by_email(options.email.clone()).await.map_err(Failure::because)?;
    let Some((user, _)) = found else {
        let email = options.email.as_str();
        return Err(Failure::new(format!("--trackers-for: there is no account {email}; register it first")));
    };
    let mut allowed_origins = config.allowed_origins.clone();
    allowed_origins.extend(EXTENSIONS.map(|scheme| AllowedOrigin::Extensions(scheme.to_owned())));
    // It is called directly, by its own name.
    let config = KitConfig {
        allowed_origins,
        trusted_proxies: Vec::new(),
        public_url: None,
        max_body_memory: MEMORY,
        max_ping_work: MEMORY,
        ..config
    };
    let kit = KitState::new(app.clone(), metrics, config).map_err(process::no_threads)?;
    let device = this_computer()?;
    let (may_read, testing) = (options.may_read, options.testing);
    Ok(assemble(&kit, [door(&kit, Door { user: user.id, device, may_read, testing })]))
}

/// The device that this computer is.
fn this_computer() -> Result<DeviceId, Failure> {
    let system = rustix::system::uname();
    match system.nodename().to_str().ok().and_then(DeviceId::of_host) {
        Some(named) => Ok(named),
        None => DeviceId::new("this computer").map_err(Failure::because),
    }
}
