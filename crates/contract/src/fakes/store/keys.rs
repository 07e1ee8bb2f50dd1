//! API keys, waiting devices and the audit log of the fake store.

use std::cmp::Reverse;

use dayline_app::ports::{
    ApiKey, ApiKeys, AuditEvent, AuditLog, CreateKey, DeviceLogins, PortFuture, StoredAuditEvent, Use,
};
use dayline_domain::identity::device_login::{Approval, DeviceLogin, UserCode};
use dayline_domain::identity::session::TokenHash;
use dayline_domain::{ApiKeyId, UserId, UtcMs};

use super::{FakeStore, Tables};

impl ApiKeys for FakeStore {
    fn create(&self, key: ApiKey, max_per_user: usize) -> PortFuture<'_, CreateKey> {
        self.transaction(|tables| {
            if !tables.users.contains_key(&key.user) {
                return Ok(CreateKey::NoSuchUser);
            }
            if tables.keys.values().filter(|other| other.user == key.user).count() >= max_per_user {
                return Ok(CreateKey::TooMany);
            }
            tables.keys.insert(key.id, key);
            Ok(CreateKey::Created)
        })
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ApiKey>> {
        self.transaction(|tables| {
            let mut keys: Vec<ApiKey> =
                tables.keys.values().filter(|key| key.user == user).cloned().collect();
            keys.sort_by_key(|key| Reverse((key.created_at, key.id)));
            Ok(keys)
        })
    }

    fn delete(&self, user: UserId, id: ApiKeyId) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let is_theirs = tables.keys.get(&id).is_some_and(|key| key.user == user);
            Ok(is_theirs && tables.keys.remove(&id).is_some())
        })
    }

    fn find_used(&self, hash: TokenHash, now: UtcMs, used: Use) -> PortFuture<'_, Option<ApiKey>> {
        self.transaction(|tables| {
            let Some(key) = tables.keys.values_mut().find(|key| key.hash == hash) else { return Ok(None) };
            if tables.users.get(&key.user).is_none_or(|(user, _)| user.disabled_at.is_some()) {
                return Ok(None);
            }
            if used == Use::Noted {
                key.last_used_at = Some(now);
            }
            Ok(Some(key.clone()))
        })
    }
}

impl Tables {
    fn is_approved_by_nobody(&self, login: &DeviceLogin) -> bool {
        let Approval::Approved { user, session } = login.approval else { return false };
        self.sessions.get(&session).is_none_or(|session| session.user != user)
    }
}

impl Tables {
    /// Deletes the request if it is still the same.
    pub(super) fn use_up(&mut self, login: &DeviceLogin) -> bool {
        let stored = self.device_logins.get(&login.device_code);
        let same = stored.is_some_and(|stored| stored.revision == login.revision);
        same && self.device_logins.remove(&login.device_code).is_some()
    }
}

impl DeviceLogins for FakeStore {
    fn create(&self, login: DeviceLogin) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let taken = tables.device_logins.values().any(|other| other.user_code == login.user_code);
            if !taken {
                tables.device_logins.insert(login.device_code, login);
            }
            Ok(!taken)
        })
    }

    fn find_by_user_code(&self, code: UserCode) -> PortFuture<'_, Option<DeviceLogin>> {
        self.transaction(|tables| {
            Ok(tables.device_logins.values().find(|login| login.user_code == code).cloned())
        })
    }

    fn find_by_device_code(&self, code: TokenHash) -> PortFuture<'_, Option<DeviceLogin>> {
        self.transaction(|tables| Ok(tables.device_logins.get(&code).cloned()))
    }

    fn replace(&self, from: DeviceLogin, to: Option<DeviceLogin>) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let code = from.device_code;
            if tables.device_logins.get(&code).is_none_or(|stored| stored.revision != from.revision) {
                return Ok(false);
            }
            if to.as_ref().is_some_and(|to| tables.is_approved_by_nobody(to)) {
                return Ok(false);
            }
            match to {
                Some(to) => tables.device_logins.insert(code, to),
                None => tables.device_logins.remove(&code),
            };
            Ok(true)
        })
    }

    fn purge(&self, created_before: UtcMs) -> PortFuture<'_, u64> {
        self.transaction(|tables| {
            let before = tables.device_logins.len();
            tables.device_logins.retain(|_, login| login.created_at >= created_before);
            Ok((before - tables.device_logins.len()) as u64)
        })
    }
}

impl AuditLog for FakeStore {
    fn append(&self, event: AuditEvent) -> PortFuture<'_, ()> {
        self.transaction(|tables| {
            if tables.users.contains_key(&event.user) {
                tables.last_audit += 1;
                tables.audit.push(StoredAuditEvent { id: tables.last_audit, event });
            }
            Ok(())
        })
    }

    fn list(&self, user: UserId, before: Option<u64>, limit: usize) -> PortFuture<'_, Vec<StoredAuditEvent>> {
        self.transaction(|tables| {
            let theirs = tables.audit.iter().rev().filter(|entry| entry.event.user == user);
            let older = theirs.filter(|entry| before.is_none_or(|before| entry.id < before));
            Ok(older.take(limit).cloned().collect())
        })
    }

    fn purge(&self, before: UtcMs) -> PortFuture<'_, u64> {
        self.transaction(|tables| {
            let count = tables.audit.len();
            tables.audit.retain(|entry| entry.event.at >= before);
            Ok((count - tables.audit.len()) as u64)
        })
    }
}
