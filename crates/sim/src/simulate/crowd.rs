//! The people of a simulation: new accounts, each with devices of its own, signed in.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use reqwest::StatusCode;
use secrecy::ExposeSecret;

use super::catalog::DEVICES;
use super::options::Options;
use super::run::{Person, Run};
use crate::client::{Account, Client, Device, Refusal, made_up};
use crate::dice::Dice;
use crate::simulate::check::Sent;
use crate::simulate::stats::{count, value};
use dayline_cli_kit::console::{end_progress, interrupted, remark, show_progress};
use dayline_cli_kit::failure::Failure;

/// Removals under way at a time.
const AT_ONCE: usize = 8;
const FULL_NAME: &str = "Simulated";

/// Makes the accounts, one more than asked for, and signs their devices in. If that fails, or is interrupted, none of the
/// accounts is left.
pub(super) async fn gather(
    options: &Options,
    run: &Run,
    dice: &Dice,
    random: [u8; 16],
) -> Result<Vec<Arc<Person>>, Failure> {
    let (name, password) = made_up(random);
    let last = options.users;
    remark(format_args!("accounts: sim-{name}-0@example.org to sim-{name}-{last}@example.org"));
    remark(format_args!("password of each: {}", password.expose_secret()));
    let signed_in = std::sync::atomic::AtomicU64::new(0);
    let begun = Begun::default();
    let people = stream::iter(0..=options.users)
        .map(|number| {
            let email = format!("sim-{name}-{number}@example.org");
            let account = Arc::new(Account { email, password: password.clone() });
            let devices = dice.fork(u64::from(number)).between(1, DEVICES.len() as u64) as usize;
            let (signed_in, begun) = (&signed_in, &begun);
            async move {
                let client =
                    Client::new(&options.url, own_address(&options.url, number)).map_err(Failure::usage)?;
                let person = sign_up(run, client, account, &DEVICES[..devices], begun).await?;
                count(signed_in, 1);
                Ok::<_, Failure>(Arc::new(person))
            }
        })
        .buffer_unordered(options.sign_ins as usize)
        .try_collect();
    let people = tokio::select! {
        people = people => people,
        () = interrupted() => Err(Failure::interrupted()),
        () = show_progress(|| format!("{} of {} people signed in", value(&signed_in), options.users)) => Ok(Vec::new()),
    };
    end_progress();
    if people.is_err() {
        remove_begun(begun).await;
    }
    people
}

/// Accounts that were made, or may have been: an answer may be under way.
#[derive(Default)]
struct Begun(Mutex<Vec<Begin>>);

struct Begin {
    client: Client,
    account: Arc<Account>,
    device: Option<Arc<Device>>,
}

impl Begun {
    fn lock(&self) -> MutexGuard<'_, Vec<Begin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signed_in(&self, device: &Arc<Device>, account: &Arc<Account>) {
        let mut begun = self.lock();
        if let Some(begin) = begun.iter_mut().find(|begin| Arc::ptr_eq(&begin.account, account)) {
            begin.device = Some(Arc::clone(device));
        }
    }
}

/// Removes accounts that were made for nothing.
pub(super) async fn remove(people: &[Arc<Person>]) {
    tell_left(stream::iter(people).map(|person| person.devices[0].delete_account())).await;
}

async fn remove_begun(begun: Begun) {
    let begun = begun.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell_left(stream::iter(begun).map(Begin::undo)).await;
}

impl Begin {
    async fn undo(self) -> Result<(), Refusal> {
        let Self { client, account, device } = self;
        if let Some(device) = device {
            return device.delete_account().await;
        }
        // It may just now be made, by a request that nobody waits for any more; after this one it surely is.
        let _ = client.register(&account, FULL_NAME, true).await;
        match Device::sign_in(client, account, DEVICES[0]).await {
            Err(refusal) if refusal.is_answer(StatusCode::UNAUTHORIZED) => Ok(()),
            signed_in => signed_in?.delete_account().await,
        }
    }
}

/// Has accounts removed, and says how many could not be.
async fn tell_left(removals: impl Stream<Item = impl Future<Output = Result<(), Refusal>>>) {
    let left = removals.buffer_unordered(AT_ONCE).filter(|removed| ready(removed.is_err())).count().await;
    if left > 0 {
        remark(format_args!("{left} accounts, which have no pings, could not be removed"));
    }
}

async fn sign_up(
    run: &Run,
    client: Client,
    account: Arc<Account>,
    devices: &[&str],
    begun: &Begun,
) -> Result<Person, Failure> {
    begun.lock().push(Begin { client: client.clone(), account: Arc::clone(&account), device: None });
    run.patience
        .until_done(|number| client.register(&account, FULL_NAME, number > 0))
        .await
        .map_err(|refusal| format!("cannot make an account: {refusal}"))?;
    let mut signed_in = Vec::new();
    for device in devices {
        let session = run
            .patience
            .until_done(|_| Device::sign_in(client.clone(), Arc::clone(&account), device))
            .await
            .map_err(|refusal| format!("cannot sign in: {refusal}"))?;
        let session = Arc::new(session);
        begun.signed_in(&session, &account);
        signed_in.push(session);
    }
    Ok(Person { devices: signed_in, sent: Mutex::new(Sent::default()) })
}

/// On this machine every person comes from an address of their own, as they would in the world, so that limits per
/// address mean what they mean there. Linux answers on all of 127.0.0.0/8; elsewhere there is only one.
fn own_address(url: &str, number: u32) -> Option<IpAddr> {
    let host = reqwest::Url::parse(url).ok()?.host_str()?.to_owned();
    let on_this_machine = host == "localhost" || host.parse().is_ok_and(|host: Ipv4Addr| host.is_loopback());
    if !on_this_machine || !cfg!(target_os = "linux") {
        return None;
    }
    let [_, _, high, low] = number.to_be_bytes();
    Some(Ipv4Addr::new(127, 77, high, low).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn people_on_this_machine_have_addresses_of_their_own() {
        let address = |number| own_address("http://127.0.0.1:8080", number);
        assert_eq!(address(258), Some(Ipv4Addr::new(127, 77, 1, 2).into()));
        assert_ne!(address(1), address(2));
        assert_eq!(own_address("http://192.0.2.1:8080", 1), None);
    }
}
