//! What the server says on standard output when it is ready: where it is, and at its first start what to try.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use crate::config::{Registration, Role, ServeOptions};
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
    answers: bool,
    registration: Registration,
}

impl Greeting {
    /// A greeting for a server that is about to start.
    pub(super) fn new(listener: &TcpListener, options: &ServeOptions) -> Result<Self, Failure> {
        let address = listener.local_addr().map_err(Failure::because)?;
        let data = options.database.is_absent().then(|| options.storage.data.clone());
        let first_start = data.as_ref().is_some_and(|data| !data.exists());
        let address_file = options.network.address_file.clone();
        let public_url = options.network.public_url.clone();
        let (answers, registration) = (options.has(Role::Api), options.registration());
        Ok(Self { address, public_url, address_file, data, first_start, answers, registration })
    }

    /// Says it.
    pub(super) fn show(&self) -> Result<(), Failure> {
        let data = self.data.as_ref().map(|data| data.display().to_string());
        tracing::info!(address = %self.address, data, "ready");
        if let Some(file) = &self.address_file {
            write_whole(file, &format!("{}\n", self.address))
                .map_err(|error| Failure::new(format!("can't write {}: {error}", file.display())))?;
        }
        if self.answers {
            say(format_args!("Dayline is ready at http://{}", self.address));
        }
        if let (true, Some(url)) = (self.answers, &self.public_url) {
            say(format_args!("People reach it at {url}"));
        }
        if let (true, Some(data)) = (self.answers, &data) {
            say(format_args!("Its data is in {data}"));
        }
        if self.answers {
            say(match self.registration {
                Registration::Open => {
                    "Registration is open: whoever reaches it may make an account (--registration)"
                }
                Registration::Closed => {
                    "Registration is closed: `dayline user create` makes accounts (--registration)"
                }
            });
        }
        if self.answers && self.first_start {
            self.show_first_steps();
        }
        Ok(())
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
