//! What the server says when it is ready, on standard output to people and in its log to programs: where it is, and at its first start what to try.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use crate::config::{LogFormat, Registration, Role, ServeOptions};
use dayline_cli_kit::console::say;
use dayline_cli_kit::failure::Failure;

/// Who is registered to try it; the README goes on as the same.
const FIRST_PERSON: &str = r#"{"email":"ada@example.org","password":"tea at half past four","full_name":"Ada Lovelace","timezone":"Europe/London"}"#;

/// Made before the data folder is.
pub(super) struct Greeting {
    address: SocketAddr,
    /// Where people reach it, if an operator says so.
    public_url: Option<String>,
    address_file: Option<PathBuf>,
    /// The data folder, if that is where the data is.
    data: Option<PathBuf>,
    first_start: bool,
    registration: Registration,
    /// Whether it is for people: it answers them, and its log is not for programs.
    is_for_people: bool,
}

impl Greeting {
    /// A greeting for a server that is about to start.
    pub(super) fn new(listener: &TcpListener, options: &ServeOptions) -> Result<Self, Failure> {
        let address = listener.local_addr().map_err(Failure::because)?;
        let data = options.database.is_absent().then(|| options.storage.data.clone());
        let first_start = data.as_ref().is_some_and(|data| !data.exists());
        let address_file = options.network.address_file.clone();
        let public_url = options.network.public_url.clone();
        let is_for_people = options.has(Role::Api) && options.logs.log_format == LogFormat::Text;
        let registration = options.registration();
        Ok(Self { address, public_url, address_file, data, first_start, registration, is_for_people })
    }

    /// Says it.
    pub(super) fn show(&self) -> Result<(), Failure> {
        let data = self.data.as_ref().map(|data| data.display().to_string());
        let (public_url, registration) = (self.public_url.as_deref(), self.registration.name());
        tracing::info!(address = %self.address, public_url, data, registration, "ready");
        if let Some(file) = &self.address_file {
            write_whole(file, &format!("{}\n", self.address))
                .map_err(|error| Failure::new(format!("can't write {}: {error}", file.display())))?;
        }
        if self.is_for_people {
            self.tell_people(data.as_deref());
        }
        Ok(())
    }

    fn tell_people(&self, data: Option<&str>) {
        say(format_args!("Dayline is ready at http://{}", self.address));
        if let Some(url) = &self.public_url {
            say(format_args!("People reach it at {url}"));
        }
        if let Some(data) = data {
            say(format_args!("Its data is in {data}"));
        }
        say(match self.registration {
            Registration::Open => {
                "Registration is open: whoever reaches it may make an account (--registration)"
            }
            Registration::Closed => {
                "Registration is closed: `dayline user create` makes accounts (--registration)"
            }
        });
        if self.first_start {
            self.show_first_steps();
        }
    }

    fn show_first_steps(&self) {
        if self.registration == Registration::Open {
            say(format_args!(
                "\nTo try it, open it in a browser, or register by the API:\n\n{}\n",
                self.first_request()
            ));
        } else {
            say(
                "\nTo try it, make an account, and sign in with it in a browser:\n\n  dayline user create you@example.org\n",
            );
        }
        say(format_args!("All of the API: {}/docs", self.url()));
    }

    /// Where to try it.
    fn url(&self) -> String {
        let here = || format!("http://{}", self.address);
        self.public_url.as_ref().map_or_else(here, |url| url.trim_end_matches('/').to_owned())
    }

    fn first_request(&self) -> String {
        format!(
            "  curl -s {}/api/v1/users -H 'Content-Type: application/json' \\\n    -d '{FIRST_PERSON}'",
            self.url()
        )
    }
}

/// Who looks for the file finds all of it or nothing.
fn write_whole(file: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, text)?;
    fs::rename(&beside, file)
}
