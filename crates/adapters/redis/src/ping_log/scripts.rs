//! The scripts that change the log, each atomic: entries, ids and the count of waiting bytes change
//! together.

use redis::Script;

use crate::script::LoadedScript;

pub(super) static CLAIM: LoadedScript =
    LoadedScript::new(|| Script::new(concat!(include_str!("lua/epoch.lua"), include_str!("lua/claim.lua"))));

pub(super) static APPEND: LoadedScript =
    LoadedScript::new(|| Script::new(concat!(include_str!("lua/epoch.lua"), include_str!("lua/append.lua"))));

pub(super) static SETTLE: LoadedScript = LoadedScript::new(|| Script::new(include_str!("lua/settle.lua")));

pub(super) static FORGET: LoadedScript = LoadedScript::new(|| Script::new(include_str!("lua/forget.lua")));

pub(super) static RECOVER: LoadedScript = LoadedScript::new(|| {
    Script::new(concat!(include_str!("lua/epoch.lua"), include_str!("lua/recover.lua")))
});
