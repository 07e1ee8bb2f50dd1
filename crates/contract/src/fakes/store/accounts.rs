//! Accounts of the fake store.

use std::collections::BTreeMap;

use dayline_app::ports::{
    Accounts, CreateUser, CredentialId, EmailChange, PasswordHash, PortFuture, ProfileChange, SignOut,
    UpdateProfile, User,
};
use dayline_domain::{Email, UserId, UtcMs};

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

    fn list(&self, after: Option<UserId>, limit: usize) -> PortFuture<'_, Vec<User>> {
        self.transaction(|tables| {
            let later = tables.users.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
            Ok(later.take(limit).map(|(_, (user, _))| user.clone()).collect())
        })
    }

    fn password_of(&self, id: UserId) -> PortFuture<'_, Option<PasswordHash>> {
        self.transaction(|tables| Ok(tables.users.get(&id).map(|(_, hash)| hash.clone())))
    }

    fn sample_hashes(&self) -> PortFuture<'_, Vec<PasswordHash>> {
        self.transaction(|tables| {
            let parameters = |hash: &PasswordHash| hash.0.rsplitn(3, '$').nth(2).map(str::to_owned);
            let hashes = tables.users.values().map(|(_, hash)| (parameters(hash), hash.clone()));
            Ok(hashes.collect::<BTreeMap<_, _>>().into_values().collect())
        })
    }

    fn update_profile(&self, id: UserId, change: ProfileChange, now: UtcMs) -> PortFuture<'_, UpdateProfile> {
        self.transaction(|tables| {
            let ProfileChange { full_name, timezone, email } = change;
            let key = email.as_ref().map(|email| email.to.key());
            let has_it = |user: &User| user.id != id && Some(user.email.key()) == key;
            let is_taken = tables.users.values().any(|(user, _)| has_it(user));
            let Some((user, hash)) = tables.users.get_mut(&id) else { return Ok(UpdateProfile::NotTheirs) };
            if let Some(EmailChange { to, password }) = email {
                match (password == *hash, is_taken) {
                    (false, _) => return Ok(UpdateProfile::NotTheirs),
                    (true, true) => return Ok(UpdateProfile::EmailTaken),
                    (true, false) => user.email = to,
                }
            }
            user.full_name = full_name.unwrap_or_else(|| user.full_name.clone());
            user.timezone = timezone.unwrap_or_else(|| user.timezone.clone());
            user.updated_at = now;
            Ok(UpdateProfile::Updated(user.clone()))
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
        sign_out: SignOut,
    ) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        self.transaction(|tables| {
            let Some((user, hash)) = tables.users.get_mut(&id) else { return Ok(None) };
            if from.is_some_and(|from| from != *hash) {
                return Ok(None);
            }
            *hash = to;
            user.updated_at = sign_out.at;
            tables.reset_links.remove(&id);
            Ok(Some(tables.sign_out(id, sign_out)))
        })
    }

    fn disable(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        self.transaction(|tables| {
            let Some((user, _)) = tables.users.get_mut(&id) else { return Ok(None) };
            user.disabled_at.get_or_insert(now);
            Ok(Some(tables.sign_out(id, SignOut { keep: None, api_keys: false, at: now })))
        })
    }

    fn enable(&self, id: UserId) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let Some((user, _)) = tables.users.get_mut(&id) else { return Ok(false) };
            user.disabled_at = None;
            Ok(true)
        })
    }

    fn delete(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        self.transaction(|tables| {
            if tables.users.remove(&id).is_none() {
                return Ok(None);
            }
            tables.preferences.remove(&id);
            tables.kept_from.remove(&id);
            tables.reset_links.remove(&id);
            tables.days.retain(|key, _| key.user != id);
            tables.corrections.retain(|(user, _), _| *user != id);
            tables.correction_numbers.remove(&id);
            tables.device_names.retain(|(user, _), _| *user != id);
            tables.merges.remove(&id);
            tables.labels.remove(&id);
            tables.buckets.retain(|(user, _), _| *user != id);
            tables.raw.forget(id);
            tables.tracker_settings.retain(|(user, _), _| *user != id);
            tables.dead.retain(|_, stored| stored.letter.user != Some(id));
            tables.audit.retain(|entry| entry.event.user != id);
            tables.jobs.retain(|_, job| job.user != id);
            let jobs = &tables.jobs;
            tables.chunks.retain(|(job, ..), _| jobs.contains_key(job));
            Ok(Some(tables.sign_out(id, SignOut { keep: None, api_keys: true, at: now })))
        })
    }
}
