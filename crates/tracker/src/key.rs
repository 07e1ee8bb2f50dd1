//! The key, kept with the address of the server that it is for, so that it is never shown to another one.

use std::io::ErrorKind;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::paths::replace_durably;

/// A key and whose it is. It can't be printed.
#[derive(Debug, Clone, Deserialize)]
pub struct Key {
    /// The address of the server.
    pub server: String,
    /// Certificates in PEM that confirm the server beside those that this computer trusts.
    #[serde(default)]
    pub ca: Option<String>,
    /// Which key it is, for deleting it.
    pub id: String,
    /// What it is called there.
    pub name: String,
    /// The key itself.
    pub key: SecretString,
}

#[derive(Serialize)]
struct Written<'a> {
    server: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<&'a str>,
    id: &'a str,
    name: &'a str,
    key: &'a str,
}

impl Key {
    /// The key that `login` has written; `None` if there is none.
    ///
    /// # Errors
    /// The file can't be read, or is not what `login` writes.
    pub fn read(file: &Path) -> Result<Option<Self>, String> {
        let text = match std::fs::read(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| format!("cannot read the key in {}: {error}", file.display()))?,
        };
        // What is wrong with it is not told, since that could show a part of the key.
        let read = serde_json::from_slice(&text);
        read.map(Some)
            .map_err(|_| format!("there is no key in {}; use `dayline-tracker login`", file.display()))
    }

    /// Writes the key where only this person may read it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, file: &Path) -> Result<(), String> {
        let Self { server, ca, id, name, key } = self;
        let written = Written { server, ca: ca.as_deref(), id, name, key: key.expose_secret() };
        let text = serde_json::to_vec_pretty(&written).unwrap_or_default();
        replace_durably(file, &text)
            .map_err(|error| format!("cannot write the key to {}: {error}", file.display()))
    }

    /// Whether it is the same key.
    pub fn is(&self, other: &Self) -> bool {
        self.server == other.server && self.key.expose_secret() == other.key.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        let text = |text: &str| text.to_owned();
        Key {
            server: text("https://example.org"),
            ca: Some(text("-----BEGIN CERTIFICATE-----")),
            id: text("1"),
            name: text("tracker"),
            key: text("dlk_secret").into(),
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_written_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        assert!(Key::read(&file).unwrap().is_none());
        key().write(&file).unwrap();
        let read = Key::read(&file).unwrap().unwrap();
        assert!(read.is(&key()));
        assert_eq!(
            (read.server, read.ca, read.id, read.name),
            (key().server, key().ca, key().id, key().name)
        );
        assert!(!format!("{:?}", key()).contains("secret"));
    }

    #[test]
    fn a_key_of_before_there_were_certificates_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        std::fs::write(
            &file,
            r#"{"server": "https://example.org", "id": "1", "name": "tracker", "key": "dlk_secret"}"#,
        )
        .unwrap();
        let read = Key::read(&file).unwrap().unwrap();
        assert!(read.is(&key()) && read.ca.is_none());
    }

    #[test]
    fn a_file_that_is_no_key_is_told_without_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        std::fs::write(&file, "\"dlk_secret").unwrap();
        let error = Key::read(&file).unwrap_err();
        assert!(error.contains("key.json") && !error.contains("secret"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_a_key() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        // A file that somebody could read takes nothing over from its mode.
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        key().write(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
