//! Sessions of the fake store.

use std::cmp::Reverse;

use dayline_app::ports::{CredentialId, PortFuture, Sessions, SignOut, StartSession, Started};
use dayline_domain::identity::device_login::Approval;
use dayline_domain::identity::session::Generation;
use dayline_domain::{Session, SessionId, UserId, UtcMs};

use super::{FakeStore, Tables};

impl Tables {
    /// Ends the sessions that match, and the codes that they approved.
    pub(super) fn end_sessions(&mut self, now: UtcMs, which: impl Fn(&Session) -> bool) -> Vec<SessionId> {
        let ended: Vec<SessionId> =
            self.sessions.values().filter(|session| which(session)).map(|session| session.id).collect();
        for id in &ended {
            self.sessions.remove(id);
            self.ended.insert(*id, now);
        }
        self.forget_orphaned_codes();
        ended
    }

    fn forget_orphaned_codes(&mut self) {
        let sessions = &self.sessions;
        self.device_logins.retain(|_, login| match login.approval {
            Approval::Approved { session, .. } => sessions.contains_key(&session),
            Approval::Pending | Approval::Denied => true,
        });
    }

    /// Ends a person's credentials.
    pub(super) fn sign_out(&mut self, user: UserId, sign_out: SignOut) -> Vec<CredentialId> {
        let SignOut { keep, api_keys, at } = sign_out;
        let ended = self.end_sessions(at, |session| session.user == user && Some(session.id) != keep);
        let mut ended: Vec<_> = ended.into_iter().map(CredentialId::Session).collect();
        if api_keys {
            let keys = self.keys.extract_if(.., |_, key| key.user == user);
            ended.extend(keys.map(|(id, _)| CredentialId::Key(id)));
        }
        ended
    }

    fn of(&self, user: UserId) -> Vec<Session> {
        let mut sessions: Vec<Session> =
            self.sessions.values().filter(|session| session.user == user).cloned().collect();
        sessions.sort_by_key(|session| Reverse((session.last_used_at, session.id)));
        sessions
    }
}

impl Sessions for FakeStore {
    fn start(&self, start: StartSession) -> PortFuture<'_, Started> {
        self.transaction(|tables| {
            let StartSession { session, checked_against, code, max_per_user } = start;
            let person = tables.users.get(&session.user).filter(|(user, _)| user.disabled_at.is_none());
            let hash = person.map(|(_, hash)| hash);
            if hash.is_none() || checked_against.is_some_and(|checked| hash != Some(&checked)) {
                return Ok(Started::Refused);
            }
            if code.is_some_and(|code| !tables.use_up(&code)) {
                return Ok(Started::Refused);
            }
            let (user, now) = (session.user, session.created_at);
            let mut ended =
                tables.end_sessions(now, |other| other.user == user && other.device == session.device);
            let room = max_per_user.saturating_sub(1);
            for surplus in tables.of(user).into_iter().skip(room) {
                ended.extend(tables.end_sessions(now, |other| other.id == surplus.id));
            }
            tables.sessions.insert(session.id, session);
            Ok(Started::Started { ended })
        })
    }

    fn find(&self, id: SessionId) -> PortFuture<'_, Option<Session>> {
        self.transaction(|tables| Ok(tables.sessions.get(&id).cloned()))
    }

    fn rotate(&self, from: Generation, to: Session) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let Some(stored) = tables.sessions.get_mut(&to.id).filter(|stored| stored.generation == from)
            else {
                return Ok(false);
            };
            *stored = to;
            Ok(true)
        })
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<Session>> {
        self.transaction(|tables| Ok(tables.of(user)))
    }

    fn end(&self, user: UserId, id: SessionId, now: UtcMs) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            Ok(!tables.end_sessions(now, |session| session.user == user && session.id == id).is_empty())
        })
    }

    fn end_all(&self, user: UserId, sign_out: SignOut) -> PortFuture<'_, Vec<CredentialId>> {
        self.transaction(|tables| Ok(tables.sign_out(user, sign_out)))
    }

    fn ended_since(&self, since: UtcMs) -> PortFuture<'_, Vec<SessionId>> {
        self.transaction(|tables| {
            Ok(tables.ended.iter().filter(|(_, at)| **at >= since).map(|(id, _)| *id).collect())
        })
    }

    fn purge(&self, ended_before: UtcMs, idle_before: UtcMs, created_before: UtcMs) -> PortFuture<'_, u64> {
        self.transaction(|tables| {
            tables.ended.retain(|_, at| *at >= ended_before);
            let before = tables.sessions.len();
            tables.sessions.retain(|_, session| {
                session.last_used_at >= idle_before && session.created_at >= created_before
            });
            tables.forget_orphaned_codes();
            Ok((before - tables.sessions.len()) as u64)
        })
    }
}
