//! Adapters that need nothing but this process: clock, randomness, time zones, site names, password
//! hashing, tokens and their keys, limits, revocations, live events. Each is one small file for one
//! port. Not here: anything that is stored (but the key file) or shared between nodes.

mod access_tokens;
mod clock;
mod folder;
mod keyed_rates;
mod keys;
mod keys_file;
mod keys_watch;
mod leases;
mod limits;
mod live;
mod name_quota;
mod passwords;
mod past_archive;
mod ping_quota;
mod randomness;
mod rate;
mod refresh_tokens;
mod remembered;
mod remembered_buckets;
mod remembered_keys;
mod remembered_preferences;
mod retention_turns;
mod revocations;
mod secret_texts;
mod site_names;
mod windows_zones;
mod zones;

pub use access_tokens::{JwtAccessTokens, LEEWAY_MS, MAX_TOKEN};
pub use clock::SystemClock;
pub use keys::{KeyError, KeyInfo, KeyRing, KeyState, MIN_SECRET};
pub use keys_file::{KeyFileError, change_keys, copy_keys, existing_keys, load_or_create_keys, read_keys};
pub use keys_watch::KeyWatch;
pub use leases::EveryPartition;
pub use limits::{LimitRates, LocalLimits};
pub use live::LocalLive;
pub use name_quota::LocalNameQuota;
pub use passwords::{Argon2Error, Argon2Passwords, Argon2Settings};
pub use past_archive::FolderArchive;
pub use ping_quota::LocalPingQuota;
pub use randomness::SystemRandomness;
pub use rate::{InvalidRate, Per, Rate};
pub use refresh_tokens::HmacRefreshTokens;
pub use remembered_buckets::RememberedBuckets;
pub use remembered_keys::RememberedApiKeys;
pub use remembered_preferences::RememberedPreferences;
pub use retention_turns::OnlyProcess;
pub use revocations::LocalRevocations;
pub use secret_texts::RandomSecrets;
pub use site_names::UrlSiteNames;
pub use zones::JiffZones;
