//! A data folder that the user of the program must not use, or not all of it: what it says names what, who and a way
//! out. Root may use everything, so that these run as somebody else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use dayline_testkit::{unprivileged, variable};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::command::PROGRAM;

/// A folder that everybody can look into, with the program in it.
struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(variable("DAYLINE_TEST_FOLDER")).unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        fs::copy(PROGRAM, folder.path().join("dayline")).unwrap();
        Self { folder }
    }

    fn program(&self, words: &[&str]) -> Command {
        let mut command = unprivileged(self.folder.path().join("dayline"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DAYLINE_")) {
            command.env_remove(name);
        }
        command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A data folder as a server leaves it.
    fn data(&self, name: &str) -> PathBuf {
        let data = self.folder.path().join(name);
        let words = ["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
        let mut server = self.program(&words).spawn().unwrap();
        while !data.join("ping-log.db").exists() || !data.join("keys.json").exists() {
            assert!(server.try_wait().unwrap().is_none(), "it ended");
            sleep(Duration::from_millis(20));
        }
        kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
        assert!(server.wait().unwrap().success());
        data
    }

    /// What a command says that must fail.
    fn refusal(&self, words: &[&str], data: &Path) -> String {
        let output = self.program(words).arg("--data").arg(data).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        said.trim().lines().last().unwrap().to_owned()
    }
}

fn forbid(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_of_a_data_folder_may_not_be_used_is_named_with_the_user_and_a_way_out() {
    let ground = Ground::new();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let check = |name: &str, words: &[&str], forbidden: &str, mode: u32, named: &str| {
        let data = ground.data(name);
        let allowed = fs::metadata(data.join(forbidden)).unwrap().permissions();
        forbid(&data.join(forbidden), mode);
        let said = ground.refusal(words, &data);
        let named = data.join(named).display().to_string();
        for part in [named.trim_end_matches('/'), "this process is user ", "let that user read and write it"]
        {
            assert!(said.contains(part), "{words:?}, {forbidden} {mode:o}: {part} is not in: {said}");
        }
        assert!(!said.contains("damaged"), "{said}");
        fs::set_permissions(data.join(forbidden), allowed).unwrap();
    };
    for (number, file) in ["dayline.lock", "dayline.db", "ping-log.db", "keys.json"].into_iter().enumerate() {
        check(&format!("file{number}"), &serve, file, 0, file);
    }
    for (number, file) in ["dayline.lock", "dayline.db", "ping-log.db"].into_iter().enumerate() {
        check(&format!("read{number}"), &serve, file, 0o400, file);
    }
    check("folder", &serve, "", 0o500, "");
    check("closed", &serve, "", 0, "dayline.lock");
    for (number, words) in [["dead-letters", "list"], ["migrate", "status"]].into_iter().enumerate() {
        check(&format!("alongside{number}"), &words, "dayline.db", 0, "dayline.db");
    }
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named_with_the_user_and_a_way_out() {
    let ground = Ground::new();
    let closed = ground.folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    forbid(&closed, 0o555);
    let said = ground.refusal(&["serve"], &closed.join("data"));
    assert!(said.contains("closed/data") && said.contains("this process is user "), "{said}");
    let file = ground.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let said = ground.refusal(&["serve"], &file);
    assert!(said.contains("/file ") && said.contains("choose another one"), "{said}");
}
