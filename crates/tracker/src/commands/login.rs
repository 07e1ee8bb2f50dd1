//! `login`: a person lets this tracker in. It gets a key that may send observations and nothing else; the session that made
//! the key ends at once.

use std::fs::read_to_string;
use std::path::PathBuf;

use clap::Args;

use super::runtime;
use super::sign_in::{session_name, sign_in};
use crate::config::{self, Places, Settings};
use crate::console::{remark, say};
use crate::device;
use crate::key::Key;
use crate::server::{MadeKey, Server, Session, address};

/// What `login` may be told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The address of your Dayline, such as `https://dayline.example.org` [default: where the key was for]
    #[arg(env = "DAYLINE_TRACKER_SERVER", value_name = "SERVER")]
    server: Option<String>,
    /// What this computer is called in Dayline, as for `run` [default: as in the configuration file, else its name in the network]
    #[arg(long, env = "DAYLINE_TRACKER_DEVICE", value_name = "NAME")]
    device: Option<String>,
    /// Let the key go over plain http in a network that you trust; on this computer it always may
    #[arg(long, env = "DAYLINE_TRACKER_PLAIN_HTTP")]
    plain_http: bool,
    /// A file with certificates (PEM) that confirm the server beside those that this computer trusts; they are kept with the key
    #[arg(long, env = "DAYLINE_TRACKER_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

pub(crate) fn run(places: &Places, options: Options) -> Result<(), String> {
    let data = places.data()?;
    // A key that can't be read is replaced.
    let old = Key::read(&data.key()).unwrap_or_default();
    let server = options.server.or_else(|| old.as_ref().map(|key| key.server.clone()));
    let server = server.ok_or("which server? dayline-tracker login https://dayline.example.org")?;
    let base = address(&server, options.plain_http)?;
    let device = match options.device {
        Some(name) => device::chosen(&name)?,
        None => Settings::read(places, config::Options::default())?.device,
    };
    let name = session_name(device.as_str());
    let same = old.filter(|old| old.server == base.as_str());
    let ca = match &options.ca {
        Some(file) => Some(read_to_string(file).map_err(|error| format!("ca: {}: {error}", file.display()))?),
        None => same.as_ref().and_then(|same| same.ca.clone()),
    };
    runtime()?.block_on(async {
        let client = Server::new(base.clone(), ca.as_deref())?;
        let session = sign_in(&client, &name, &name).await?;
        let made = take_key(&client, &session, &name, same.as_ref()).await;
        if let Err(refusal) = client.sign_out(&session).await {
            remark(format_args!("the session could not be ended ({refusal}); end it among your devices"));
        }
        let MadeKey { id, key } = made?;
        Key { server: base.to_string(), ca, id, name: name.clone(), key }.write(&data.key())
    })?;
    say(format_args!("This computer may send what it sees as \"{}\".", device.as_str()));
    say(
        "Start the tracker with `dayline-tracker install` (with your desktop from now on) or `dayline-tracker run`.",
    );
    Ok(())
}

/// A new key in the place of the old one, if that was for this server.
async fn take_key(
    server: &Server,
    session: &Session,
    name: &str,
    old: Option<&Key>,
) -> Result<MadeKey, String> {
    if let Some(old) = old {
        // It may be somebody else's, who used this computer before.
        let _ = server.delete_key(session, &old.id).await;
    }
    server.make_key(session, name).await.map_err(|refusal| refusal.to_string())
}
