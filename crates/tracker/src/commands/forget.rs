//! `forget`: nothing of this tracker is left here, and its key is none any more.

use std::fs;
use std::io::ErrorKind;

use clap::Args;

use super::runtime;
use super::sign_in::sign_in;
use crate::config::Places;
use crate::console::say;
use crate::key::Key;
use crate::paths::{Data, remove};
use crate::server::{Server, address};
use crate::spool::Spool;

/// What `forget` may be told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Leave the key as it is on the server, for you to delete it there
    #[arg(long)]
    here_only: bool,
}

pub(crate) fn run(places: &Places, options: &Options) -> Result<(), String> {
    let data = places.data()?;
    if Spool::is_in_use(&data.spool()) {
        return Err("the tracker runs; stop it first (dayline-tracker uninstall)".to_owned());
    }
    let key = Key::read(&data.key()).unwrap_or_default();
    delete(&data)?;
    say("Key, spool and everything else of the tracker are gone from this computer.");
    let Some(key) = key else { return Ok(()) };
    if options.here_only {
        say(format_args!("The server still knows the key \"{}\": delete it among your keys.", key.name));
        return Ok(());
    }
    say(
        "To delete the key on the server too, a code is needed once more; or stop here, and delete it among your keys.\n",
    );
    runtime()?.block_on(async {
        let server = Server::new(address(&key.server, true)?, key.ca.as_deref())?;
        let session = sign_in(&server, &key.name, &key.name).await?;
        let deleted = server.delete_key(&session, &key.id).await;
        let ended = server.sign_out(&session).await;
        deleted.and(ended).map_err(|refusal| refusal.to_string())
    })?;
    say("The key is deleted, and the tracker signed out.");
    Ok(())
}

fn delete(data: &Data) -> Result<(), String> {
    let failed = |error| format!("cannot delete what is in {}: {error}", data.folder().display());
    // The key goes first: what stays after a failure must not be able to send anything.
    for file in [data.key(), data.pause(), data.buckets(), data.status()] {
        remove(&file).map_err(failed)?;
    }
    match fs::remove_dir_all(data.spool()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}
