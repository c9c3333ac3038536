//! Who wants to be told when somebody comes and goes. A session watches nicks, whoever has them; its list ends with
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::hub::id::SessionId;
use crate::hub::name::Nick;
use crate::hub::persona::Persona;

/// Nicks that one session may watch.
pub const WATCHED_MAX: usize = 100;

/// What a session may ask about its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// Those that the list has no room for are named in the answer.
    Add(Vec<Nick>),
    Remove(Vec<Nick>),
    Clear,
    /// Whom it watches.
    List,
    /// And who of them is here.
    Status,
    /// Whether it wants to hear what else becomes of them: that they are away, call themselves something else.
    Extend(bool),
}

/// Who of those that were asked for is here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// As they are called now.
    pub online: Vec<(Nick, Arc<Persona>)>,
    pub offline: Vec<Nick>,
    /// Not watched, since the list is full.
    pub left_off: Vec<Nick>,
}

/// All lists.
#[derive(Debug, Default)]
pub(in crate::hub) struct Watches {
    by_session: BTreeMap<SessionId, List>,
    by_nick: BTreeMap<Nick, BTreeSet<SessionId>>,
}

#[derive(Debug, Default)]
struct List {
    nicks: BTreeSet<Nick>,
    is_extended: bool,
}

impl Watches {
    /// Whether there was room for it.
    pub(in crate::hub) fn add(&mut self, session: SessionId, nick: Nick) -> bool {
        let list = self.by_session.entry(session).or_default();
        if list.nicks.len() >= WATCHED_MAX && !list.nicks.contains(&nick) {
            return false;
        }
        list.nicks.insert(nick.clone());
        self.by_nick.entry(nick).or_default().insert(session);
        true
    }

    pub(in crate::hub) fn remove(&mut self, session: SessionId, nick: &Nick) {
        if let Some(list) = self.by_session.get_mut(&session) {
            list.nicks.remove(nick);
            self.forget_watcher(session, nick);
        }
    }

    /// Also when a session ends.
    pub(in crate::hub) fn clear(&mut self, session: SessionId) {
        let Some(list) = self.by_session.get_mut(&session) else {
            return;
        };
        for nick in std::mem::take(&mut list.nicks) {
            self.forget_watcher(session, &nick);
        }
    }

    pub(in crate::hub) fn forget(&mut self, session: SessionId) {
        self.clear(session);
        self.by_session.remove(&session);
    }

    pub(in crate::hub) fn extend(&mut self, session: SessionId, is_extended: bool) {
        self.by_session.entry(session).or_default().is_extended = is_extended;
    }

    fn forget_watcher(&mut self, session: SessionId, nick: &Nick) {
        if let Some(watchers) = self.by_nick.get_mut(nick) {
            watchers.remove(&session);
            if watchers.is_empty() {
                self.by_nick.remove(nick);
            }
        }
    }

    /// Whom a session watches, by nick.
    pub(in crate::hub) fn of(&self, session: SessionId) -> Vec<Nick> {
        let list = self.by_session.get(&session);
        list.map_or_else(Vec::new, |list| list.nicks.iter().cloned().collect())
    }

    pub(in crate::hub) fn does_watch(&self, session: SessionId, nick: &Nick) -> bool {
        let list = self.by_session.get(&session);
        list.is_some_and(|list| list.nicks.contains(nick))
    }

    pub(in crate::hub) fn watchers(&self, nick: &Nick) -> impl Iterator<Item = SessionId> {
        self.by_nick.get(nick).into_iter().flatten().copied()
    }

    /// Of these, those that want to hear more.
    pub(in crate::hub) fn extended(&self, nick: &Nick) -> impl Iterator<Item = SessionId> {
        let is_extended = |session: &SessionId| {
            self.by_session
                .get(session)
                .is_some_and(|it| it.is_extended)
        };
        self.watchers(nick).filter(is_extended)
    }

    /// All sessions that have a list.
    pub(in crate::hub) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.by_session.keys().copied()
    }
}
