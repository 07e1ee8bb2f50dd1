//! Accounts of the fake store.

use dayline_app::ports::{Accounts, CreateUser, CredentialId, PasswordHash, PortFuture, User};
use dayline_domain::identity::device_login::Approval;
use dayline_domain::{Email, FullName, SessionId, UserId, UtcMs};

use super::FakeStore;

impl Accounts for FakeStore {
    fn create(&self, user: User, password: PasswordHash) -> PortFuture<'_, CreateUser> {
        self.transaction(|tables| {
            if tables.users.values().any(|(other, _)| other.email.key() == user.email.key()) {
                return Ok(CreateUser::EmailTaken);
            }
            tables.users.insert(user.id, (user, password));
            Ok(CreateUser::Created)
        })
    }

    fn find(&self, id: UserId) -> PortFuture<'_, Option<User>> {
        self.transaction(|tables| Ok(tables.users.get(&id).map(|(user, _)| user.clone())))
    }

    fn find_by_email(&self, email: Email) -> PortFuture<'_, Option<(User, PasswordHash)>> {
        self.transaction(|tables| {
            Ok(tables.users.values().find(|(user, _)| user.email.key() == email.key()).cloned())
        })
    }

    fn password_of(&self, id: UserId) -> PortFuture<'_, Option<PasswordHash>> {
        self.transaction(|tables| Ok(tables.users.get(&id).map(|(_, hash)| hash.clone())))
    }

    fn update_profile(
        &self,
        id: UserId,
        full_name: Option<FullName>,
        timezone: Option<String>,
        now: UtcMs,
    ) -> PortFuture<'_, Option<User>> {
        self.transaction(|tables| {
            let Some((user, _)) = tables.users.get_mut(&id) else { return Ok(None) };
            if let Some(full_name) = full_name {
                user.full_name = full_name;
            }
            if let Some(timezone) = timezone {
                user.timezone = timezone;
            }
            user.updated_at = now;
            Ok(Some(user.clone()))
        })
    }

    fn rehash_password(&self, id: UserId, from: PasswordHash, to: PasswordHash) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let Some((_, hash)) = tables.users.get_mut(&id).filter(|(_, hash)| *hash == from) else {
                return Ok(false);
            };
            *hash = to;
            Ok(true)
        })
    }

    fn change_password(
        &self,
        id: UserId,
        from: Option<PasswordHash>,
        to: PasswordHash,
        keep: Option<SessionId>,
        now: UtcMs,
    ) -> PortFuture<'_, Option<Vec<SessionId>>> {
        self.transaction(|tables| {
            let Some((user, hash)) = tables.users.get_mut(&id) else { return Ok(None) };
            if from.is_some_and(|from| from != *hash) {
                return Ok(None);
            }
            *hash = to;
            user.updated_at = now;
            Ok(Some(tables.end_sessions(now, |session| session.user == id && Some(session.id) != keep)))
        })
    }

    fn delete(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        self.transaction(|tables| {
            if tables.users.remove(&id).is_none() {
                return Ok(None);
            }
            tables.days.retain(|key, _| key.user != id);
            tables.dead.retain(|_, stored| stored.letter.user != Some(id));
            tables.audit.retain(|entry| entry.event.user != id);
            tables.jobs.retain(|_, job| job.user != id);
            let jobs = &tables.jobs;
            tables.chunks.retain(|(job, ..), _| jobs.contains_key(job));
            tables.device_logins.retain(|_, login| login.approval != Approval::Approved(id));
            let keys = tables.keys.values().filter(|key| key.user == id).map(|key| CredentialId::Key(key.id));
            let mut credentials: Vec<CredentialId> = keys.collect();
            tables.keys.retain(|_, key| key.user != id);
            let ended = tables.end_sessions(now, |session| session.user == id);
            credentials.extend(ended.into_iter().map(CredentialId::Session));
            Ok(Some(credentials))
        })
    }
}
