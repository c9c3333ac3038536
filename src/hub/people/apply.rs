//! What people show and watch, as changes of the state.

use std::sync::Arc;

use super::metadata::{Metadata, MetadataKey, Of};
use super::modes::{UserMode, UserModes};
use crate::hub::event::EventPlace;
use crate::hub::id::{RoomId, SessionId, UserId};
use crate::hub::name::Nick;
use crate::hub::state::State;

/// One change; always possible.
#[derive(Clone, Debug)]
pub(in crate::hub) enum PeopleChange {
    Modes {
        user: UserId,
        modes: UserModes,
    },
    Resigned {
        user: UserId,
    },
    /// Until the user goes or resigns.
    Operator {
        user: UserId,
    },
    /// There is room for it in the session's list.
    Watched {
        session: SessionId,
        nick: Nick,
    },
    Unwatched {
        session: SessionId,
        nick: Nick,
    },
    WatchesCleared {
        session: SessionId,
    },
    WatchesExtended {
        session: SessionId,
        is_extended: bool,
    },
    Metadata {
        of: Holder,
        key: MetadataKey,
        value: Option<Arc<str>>,
    },
    /// As for `Watched`.
    Subscribed {
        session: SessionId,
        key: MetadataKey,
    },
    Unsubscribed {
        session: SessionId,
        key: MetadataKey,
    },
}

/// Who has metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum Holder {
    User(UserId),
    Room(RoomId),
}

impl State {
    pub(in crate::hub) fn apply_people(&mut self, change: PeopleChange) {
        match change {
            PeopleChange::Modes { user, modes } => {
                let before = self.user(user).modes();
                self.count_invisible(before, modes);
                self.change_extra(user, |extra| extra.modes = modes);
            }
            PeopleChange::Operator { user } => {
                self.opers.insert(user);
            }
            PeopleChange::Resigned { user } => {
                self.opers.remove(&user);
            }
            PeopleChange::Watched { session, nick } => {
                self.watches.add(session, nick);
            }
            PeopleChange::Unwatched { session, nick } => self.watches.remove(session, &nick),
            PeopleChange::WatchesCleared { session } => self.watches.clear(session),
            PeopleChange::WatchesExtended {
                session,
                is_extended,
            } => self.watches.extend(session, is_extended),
            PeopleChange::Metadata { of, key, value } => self.set_metadata(of, key, value),
            PeopleChange::Subscribed { session, key } => {
                self.subscriptions.add(session, key);
            }
            PeopleChange::Unsubscribed { session, key } => {
                self.subscriptions.remove(session, &key);
            }
        }
    }

    fn set_metadata(&mut self, of: Holder, key: MetadataKey, value: Option<Arc<str>>) {
        let change = |metadata: &mut Metadata| match value {
            Some(value) => drop(metadata.insert(key, value)),
            None => drop(metadata.remove(&key)),
        };
        match of {
            Holder::User(user) => self.change_extra(user, |extra| change(&mut extra.metadata)),
            Holder::Room(room) => {
                let slot = &mut self.room_mut(room).metadata;
                change(slot.get_or_insert_default());
                if slot.as_ref().is_some_and(|it| it.is_empty()) {
                    *slot = None;
                }
            }
        }
    }

    /// What a session has asked for ends with it.
    pub(in crate::hub) fn forget_wishes(&mut self, session: SessionId) {
        self.watches.forget(session);
        self.subscriptions.forget(session);
    }

    /// A user's modes have changed; of one who is gone, all of them are off.
    pub(in crate::hub) fn count_invisible(&mut self, before: UserModes, now: UserModes) {
        let [was, is] = [before, now].map(|it| usize::from(it.has(UserMode::Invisible)));
        self.invisible_users = self.invisible_users + is - was;
    }

    pub(in crate::hub) fn metadata_of(&self, of: Holder) -> Option<&Metadata> {
        match of {
            Holder::User(user) => {
                let extra = self.user(user).extra.as_deref();
                extra.map(|extra| &extra.metadata)
            }
            Holder::Room(room) => self.room(room).metadata.as_deref(),
        }
    }

    pub(in crate::hub) fn place_of(&self, holder: Holder) -> EventPlace {
        match holder {
            Holder::User(user) => EventPlace::User(self.user(user).nick.clone()),
            Holder::Room(room) => EventPlace::Room(self.room(room).name.clone()),
        }
    }

    /// Who is meant; they are there, as `decide` has seen.
    pub(in crate::hub) fn holder(&self, own: UserId, of: &Of) -> Option<Holder> {
        match of {
            Of::Own => Some(Holder::User(own)),
            Of::User(nick) => self.user_named(nick).map(Holder::User),
            Of::Room(name) => self.room_named(name).map(Holder::Room),
        }
    }
}
