//! Follows the key file while the server runs: what is changed there holds here, without a restart.
//! Not here: when to look, and what is logged.

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::access_tokens::JwtAccessTokens;
use crate::keys::KeyRing;
use crate::keys_file::{KeyFileError, read_keys};
use crate::refresh_tokens::HmacRefreshTokens;

/// A key file, and what its keys are used by. The file is small and is read whole at each look:
/// times of files lie more often than their content.
pub struct KeyWatch {
    path: PathBuf,
    access: Arc<JwtAccessTokens>,
    refresh: Arc<HmacRefreshTokens>,
    in_force: [u8; 32],
}

impl KeyWatch {
    /// Follows the file; `keys` are what was read from it, and in force.
    pub fn new(
        path: PathBuf,
        keys: &KeyRing,
        access: Arc<JwtAccessTokens>,
        refresh: Arc<HmacRefreshTokens>,
    ) -> Self {
        Self { path, access, refresh, in_force: digest(keys) }
    }

    /// Looks once. Other keys than before are put in force and given. While the file can't be used,
    /// those before stay in force. Blocks on the file.
    pub fn look(&mut self) -> Result<Option<KeyRing>, KeyFileError> {
        let keys = read_keys(&self.path)?;
        let found = digest(&keys);
        if found == self.in_force {
            return Ok(None);
        }
        self.access.replace_keys(&keys);
        self.refresh.replace_keys(&keys);
        self.in_force = found;
        Ok(Some(keys))
    }
}

fn digest(keys: &KeyRing) -> [u8; 32] {
    Sha256::digest(keys.to_document().as_bytes()).into()
}
