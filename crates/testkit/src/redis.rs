//! A Redis server in a temporary folder, reached over a socket in it, so that no two tests can meet.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::Process;
use crate::settings::substitute;

/// A server that keeps what it acknowledges, with the settings that operators are handed, unless told otherwise; killed and
/// wiped when dropped. Dayline has the user there that operators are handed. None has a password, since only this test
/// reaches its socket.
#[derive(Debug)]
pub struct Redis {
    folder: TempDir,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    settings: Vec<(String, String)>,
    process: Option<Process>,
}

impl Redis {
    /// A server that keeps what it acknowledges.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with other settings, of which one about users is there instead of Dayline's; a value of several words has
    /// spaces between them.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let redis = Self::stopped();
        redis.start_again_with(settings);
        redis
    }

    /// One that does not run yet.
    pub fn stopped() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = substitute(
            include_str!("../../../deploy/redis.conf"),
            &[("dir /data", "dir ."), ("include /run/secrets/redis_auth", "")],
        );
        fs::write(folder.path().join("redis.conf"), settings).unwrap();
        let state = State { settings: vec![("user".to_owned(), user())], process: None };
        Self { folder, state: Mutex::new(state) }
    }

    /// One that sentinels can watch and that can follow another; it does not run yet.
    pub(crate) fn replicated(password: &str) -> Self {
        let redis = Self::stopped();
        let more =
            substitute(include_str!("../../../deploy/redis-replicated.conf"), &[("CHANGE-ME", password)]);
        let mut file = File::options().append(true).open(redis.folder.path().join("redis.conf")).unwrap();
        file.write_all(more.as_bytes()).unwrap();
        redis
    }

    /// Where its socket is.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Where it is, by its socket, for Dayline.
    pub fn url(&self) -> String {
        format!("{}?user=dayline&pass=any", self.operator_url())
    }

    /// The same for who may do everything.
    pub fn operator_url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Starts it with what it has in its folder; returns when it answers.
    pub fn start_again(&self) {
        self.start_again_with(&[]);
    }

    /// The same with other settings from now on, later ones over earlier ones.
    pub fn start_again_with(&self, settings: &[(&str, &str)]) {
        let mut command = Command::new(Self::program());
        command.current_dir(&self.folder).arg("redis.conf");
        command.args(["--port", "0", "--unixsocket", "redis.sock"]);
        let mut state = self.state();
        for &(name, value) in settings {
            state.settings.retain(|(other, _)| other != name);
            state.settings.push((name.to_owned(), value.to_owned()));
        }
        for (name, value) in &state.settings {
            command.arg(format!("--{name}")).args(value.split(' '));
        }
        let process = Process::start(&mut command, &self.folder.path().join("log"));
        state.process.insert(process).until(|| self.answers().unwrap_or(false));
    }

    /// The program of servers and sentinels.
    pub(crate) fn program() -> String {
        std::env::var("DAYLINE_TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
    }

    fn answers(&self) -> std::io::Result<bool> {
        Ok(self.ask("PING")?.starts_with("+PONG"))
    }

    /// Whether it is a replica that has caught up with a primary that is there.
    pub fn follows(&self) -> bool {
        let replication = self.ask("INFO replication").unwrap_or_default();
        replication.contains("role:slave") && replication.contains("master_link_status:up")
    }

    /// Whether it is a primary.
    pub fn leads(&self) -> bool {
        self.ask("INFO replication").unwrap_or_default().contains("role:master")
    }

    /// Runs a command that answers `OK`, words separated by spaces.
    pub fn tell(&self, command: &str) {
        assert!(self.ask(command).unwrap().starts_with("+OK"), "{command}");
    }

    /// The answer to a command, as it comes.
    fn ask(&self, command: &str) -> std::io::Result<String> {
        let mut connection = UnixStream::connect(self.socket())?;
        connection.write_all(format!("{command}\r\nQUIT\r\n").as_bytes())?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The process ends at once, whatever it was doing.
    pub fn kill(&self) {
        self.end(Signal::KILL);
    }

    /// The process ends in order.
    pub fn stop(&self) {
        self.end(Signal::TERM);
    }

    fn end(&self, signal: Signal) {
        if let Some(process) = self.state().process.take() {
            process.end(signal);
        }
    }

    /// The process stands still until [`Self::resume`].
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        self.state().process.as_ref().expect("it runs").signal(signal);
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.state().process.as_ref().expect("it runs").id()
    }

    /// Every byte of every file that it writes commands to.
    pub fn content(&self) -> Vec<u8> {
        self.append_only_files().iter().flat_map(|file| fs::read(file).unwrap()).collect()
    }

    /// How many bytes of commands it has written since it last rewrote its file.
    pub fn append_only_file_len(&self) -> u64 {
        self.append_only_file().metadata().unwrap().len()
    }

    /// Leaves so many bytes of these, as a crash in the midst of writing would.
    pub fn cut_append_only_file(&self, len: u64) {
        File::options().write(true).open(self.append_only_file()).unwrap().set_len(len).unwrap();
    }

    fn append_only_file(&self) -> PathBuf {
        let mut files = self.append_only_files().into_iter();
        files.find(|path| path.to_string_lossy().ends_with(".incr.aof")).unwrap()
    }

    fn append_only_files(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.folder.path().join("appendonlydir")).unwrap();
        folder.map(|file| file.unwrap().path()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What Dayline's user may do, as operators are handed it, but for the password.
fn user() -> String {
    let shipped = include_str!("../../../deploy/redis-user.conf");
    let line = shipped.lines().find_map(|line| line.strip_prefix("user ")).expect("it has a user");
    substitute(line, &[(">CHANGE-ME", "nopass")])
}
