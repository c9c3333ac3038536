//! What becomes of it when somebody shows something of themselves, watches others, or sets metadata.

use std::sync::Arc;

use super::gone::GoneCard;
use super::metadata::{self, MetadataKey, SUBSCRIPTIONS_MAX, SYNC_MAX};
use super::modes::{UserMode, UserModes};
use super::watch::{WATCHED_MAX, Watch, Watched};
use super::{Answer, Holder, News, PeopleChange, Request};
use crate::hub::audience::{self, Audience};
use crate::hub::change::Change;
use crate::hub::event::{EventKind, EventPlace};
use crate::hub::id::{RoomId, SessionId, SessionIds, UserId};
use crate::hub::name::Nick;
use crate::hub::output::Reply;
use crate::hub::persona::Persona;
use crate::hub::turn::{Asked, Turn};

impl Turn<'_> {
    pub(in crate::hub) fn people(&mut self, asked: Asked, request: Request) {
        match request {
            Request::SetModes { on, off } => self.set_modes(asked, on, off),
            Request::SetRealName(text) => self.set_real_name(asked, text),
            Request::Wallops(text) => self.wallops(asked, text),
            Request::Operate { name, password } => self.become_operator(asked, &name, &password),
            Request::Resign => self.resign(asked),
            Request::Watch(watch) => {
                let answer = self.watch(asked.session, watch);
                self.reply(asked, answer);
            }
            Request::Metadata(request) => {
                let answer = self.metadata(asked.session, request);
                self.reply(asked, Reply::People(Answer::Metadata(answer)));
            }
        }
    }

    fn apply_people(&mut self, change: PeopleChange) {
        self.hub.state.apply(Change::People(change));
    }

    pub(super) fn set_modes(&mut self, asked: Asked, on: UserModes, off: UserModes) {
        let user = self.user_of(asked.session);
        let before = self.hub.state.user(user).modes();
        let now = before.changed(on, off);
        if now != before {
            self.apply_people(PeopleChange::Modes { user, modes: now });
        }
        let is_bot = now.has(UserMode::Bot);
        let mut persona = self.persona_of(user);
        if persona.is_bot != is_bot {
            persona = self.change_persona(user, |it| it.is_bot = is_bot);
        }
        let is_server_operator = self.hub.state.is_server_operator(user);
        let answer = Answer::Modes {
            before,
            now,
            is_server_operator,
            persona,
        };
        self.reply(asked, Reply::People(answer));
    }

    fn set_real_name(&mut self, asked: Asked, text: Arc<str>) {
        let user = self.user_of(asked.session);
        self.change_persona(user, |it| it.realname = Arc::clone(&text));
        let nick = self.hub.state.user(user).nick.clone();
        let rooms = self.rooms_that_read(asked.session, user, Some(&text));
        let audience = audience::around_in(&self.hub.state, user, &rooms);
        let audience = self.with_watchers(audience, user);
        self.tell(audience, EventKind::People(News::RealName { nick, text }));
        self.reply(asked, Reply::Done);
    }

    fn change_persona(&mut self, user: UserId, change: impl FnOnce(&mut Persona)) -> Arc<Persona> {
        let mut persona = Persona::clone(&self.persona_of(user));
        change(&mut persona);
        let persona = Arc::new(persona);
        let kept = Arc::clone(&persona);
        self.hub.state.apply(Change::PersonaSet {
            user,
            persona: kept,
        });
        persona
    }

    fn wallops(&mut self, asked: Asked, text: Arc<str>) {
        let user = self.user_of(asked.session);
        let from = self.hub.state.user(user).nick.clone();
        let users = self.hub.state.users.iter();
        let hearing = users.filter(|(_, user)| user.modes().has(UserMode::Wallops));
        let audience = Audience {
            sessions: hearing
                .flat_map(|(_, user)| user.sessions.clone())
                .collect(),
            ..Audience::default()
        };
        self.tell(audience, EventKind::People(News::Wallops { from, text }));
        self.reply(asked, Reply::Done);
    }

    /// A user is here who was not, or not by this nick.
    pub(in crate::hub) fn note_came(&mut self, user: UserId) {
        let users = self.hub.state.users.len();
        self.hub.most_users = self.hub.most_users.max(users);
        let nick = self.hub.state.user(user).nick.clone();
        let audience = self.watchers_of(&nick);
        if !audience.sessions.is_empty() {
            self.tell(audience, EventKind::People(News::Came { nick }));
        }
    }

    /// And is not here any more, or not by this nick.
    pub(in crate::hub) fn note_went(&mut self, nick: Nick, persona: Option<Arc<Persona>>) {
        let audience = self.watchers_of(&nick);
        if let Some(persona) = persona {
            let at = self.now.unix;
            let nick = nick.clone();
            self.hub.gone.note(GoneCard { nick, persona, at });
        }
        if !audience.sessions.is_empty() {
            self.tell(audience, EventKind::People(News::Went { nick }));
        }
    }

    fn watchers_of(&self, nick: &Nick) -> Audience {
        Audience {
            sessions: self.hub.state.watches.watchers(nick).collect(),
            ..Audience::default()
        }
    }

    /// And besides those who watch the user and want to hear more than that they come and go.
    pub(in crate::hub) fn with_watchers(&self, mut audience: Audience, user: UserId) -> Audience {
        let state = &self.hub.state;
        let nick = &state.user(user).nick;
        let hears_already = |session: SessionId| {
            audience.sessions.contains(&session)
                || audience
                    .room
                    .is_some_and(|room| hears(state, session, room))
        };
        let watchers = state.watches.extended(nick);
        let others: SessionIds = watchers.filter(|&it| !hears_already(it)).collect();
        audience.sessions.extend(others);
        audience
    }

    fn watch(&mut self, session: SessionId, watch: Watch) -> Reply {
        let answer = match watch {
            Watch::Add(nicks) => Answer::Watched(self.watch_more(session, nicks)),
            Watch::Remove(nicks) => {
                for nick in nicks {
                    self.apply_people(PeopleChange::Unwatched { session, nick });
                }
                return Reply::Done;
            }
            Watch::Clear => {
                self.apply_people(PeopleChange::WatchesCleared { session });
                return Reply::Done;
            }
            Watch::Extend(is_extended) => {
                self.apply_people(PeopleChange::WatchesExtended {
                    session,
                    is_extended,
                });
                return Reply::Done;
            }
            Watch::List => Answer::Watching(self.hub.state.watches.of(session)),
            Watch::Status => {
                let nicks = self.hub.state.watches.of(session);
                Answer::Watched(self.who_is_here(nicks))
            }
        };
        Reply::People(answer)
    }

    fn watch_more(&mut self, session: SessionId, mut nicks: Vec<Nick>) -> Watched {
        let mut left_off = Vec::new();
        nicks.retain(|nick| {
            let watches = &self.hub.state.watches;
            let is_new = !watches.does_watch(session, nick);
            if is_new && watches.of(session).len() >= WATCHED_MAX {
                left_off.push(nick.clone());
                return false;
            }
            let nick = nick.clone();
            self.apply_people(PeopleChange::Watched { session, nick });
            true
        });
        Watched {
            left_off,
            ..self.who_is_here(nicks)
        }
    }

    fn who_is_here(&self, nicks: Vec<Nick>) -> Watched {
        let mut watched = Watched::default();
        for nick in nicks {
            match self.hub.state.user_named(&nick) {
                Some(user) => {
                    let nick = self.hub.state.user(user).nick.clone();
                    watched.online.push((nick, self.persona_of(user)));
                }
                None => watched.offline.push(nick),
            }
        }
        watched
    }

    fn metadata(&mut self, session: SessionId, request: metadata::Request) -> metadata::Answer {
        let own = self.user_of(session);
        let holder = |turn: &Self, of: &metadata::Of| {
            let holder = turn.hub.state.holder(own, of);
            holder.expect("it was found before")
        };
        match request {
            metadata::Request::Set { of, key, value } => {
                let holder = holder(self, &of);
                self.set_metadata(session, holder, vec![(key, value)])
            }
            metadata::Request::Clear(of) => {
                let holder = holder(self, &of);
                let metadata = self.hub.state.metadata_of(holder).into_iter().flatten();
                let gone = metadata.map(|(key, _)| (key.clone(), None)).collect();
                self.set_metadata(session, holder, gone)
            }
            metadata::Request::Sync(of) => self.sync(session, holder(self, &of)),
            metadata::Request::Subscribe(keys) => self.subscribe(session, keys),
            metadata::Request::Unsubscribe(keys) => {
                for key in keys.clone() {
                    self.apply_people(PeopleChange::Unsubscribed { session, key });
                }
                metadata::Answer::Unsubscribed(keys)
            }
            metadata::Request::Subscriptions => {
                metadata::Answer::Subscriptions(self.hub.state.subscriptions.of(session))
            }
            metadata::Request::Get { of, keys } => {
                let holder = holder(self, &of);
                let metadata = self.hub.state.metadata_of(holder);
                let value = |key: &MetadataKey| metadata.and_then(|it| it.get(key)).cloned();
                let entries = keys.into_iter().map(|key| {
                    let value = value(&key);
                    (key, value)
                });
                metadata::Answer::Entries {
                    of: self.hub.state.place_of(holder),
                    entries: entries.collect(),
                }
            }
            metadata::Request::List(of) => {
                let holder = holder(self, &of);
                let metadata = self.hub.state.metadata_of(holder).into_iter().flatten();
                let entries = metadata.map(|(key, value)| (key.clone(), Some(Arc::clone(value))));
                metadata::Answer::Entries {
                    of: self.hub.state.place_of(holder),
                    entries: entries.collect(),
                }
            }
        }
    }

    fn set_metadata(
        &mut self,
        session: SessionId,
        of: Holder,
        entries: Vec<(MetadataKey, Option<Arc<str>>)>,
    ) -> metadata::Answer {
        let place = self.hub.state.place_of(of);
        for (key, value) in entries.clone() {
            let rooms = match of {
                Holder::User(user) => self.rooms_that_read(session, user, value.as_deref()),
                Holder::Room(room) => vec![room],
            };
            self.apply_people(PeopleChange::Metadata {
                of,
                key: key.clone(),
                value: value.clone(),
            });
            let subscribers = self.hub.state.subscriptions.to(&key);
            let concerned =
                subscribers.filter(|&it| it != session && self.concerns(it, of, &rooms));
            let audience = Audience {
                sessions: concerned.collect(),
                ..Audience::default()
            };
            let news = News::Metadata {
                of: place.clone(),
                key,
                value,
            };
            if !audience.sessions.is_empty() {
                self.tell(audience, EventKind::People(news));
            }
        }
        metadata::Answer::Entries { of: place, entries }
    }

    /// Whether a session is where what is set is of its concern; `rooms` are those that are told.
    fn concerns(&self, session: SessionId, of: Holder, rooms: &[RoomId]) -> bool {
        let state = &self.hub.state;
        let Some(own) = state.session(session).and_then(|it| it.user) else {
            return false;
        };
        match of {
            Holder::Room(room) => hears(state, session, room),
            Holder::User(user) => {
                let shares_room = || rooms.iter().any(|&room| state.user(own).is_in(room));
                own == user
                    || shares_room()
                    || state.watches.does_watch(session, &state.user(user).nick)
            }
        }
    }

    fn subscribe(&mut self, session: SessionId, keys: Vec<MetadataKey>) -> metadata::Answer {
        let mut subscribed = Vec::new();
        let mut full = None;
        for key in keys {
            let has = self.hub.state.subscriptions.of(session);
            if has.len() >= SUBSCRIPTIONS_MAX && !has.contains(&key) {
                full = Some(key);
                break;
            }
            let kept = key.clone();
            self.apply_people(PeopleChange::Subscribed { session, key });
            subscribed.push(kept);
        }
        metadata::Answer::Subscribed {
            keys: subscribed,
            full,
        }
    }

    fn sync(&self, session: SessionId, of: Holder) -> metadata::Answer {
        let state = &self.hub.state;
        let keys = state.subscriptions.of(session);
        let mut holders = vec![of];
        if let Holder::Room(room) = of {
            let asker = self.user_of(session);
            if state.may_see_members(asker, room) {
                let members = state.room(room).members.iter();
                let found = members.filter(|&&user| state.may_find_in(asker, user, room));
                holders.extend(found.map(|&user| Holder::User(user)));
            }
        }
        let mut entries: Vec<(EventPlace, MetadataKey, Arc<str>)> = Vec::new();
        for holder in holders {
            let Some(metadata) = state.metadata_of(holder).filter(|it| !it.is_empty()) else {
                continue;
            };
            let place = state.place_of(holder);
            let known = keys
                .iter()
                .filter_map(|key| Some((key, metadata.get(key)?)));
            entries
                .extend(known.map(|(key, value)| (place.clone(), key.clone(), Arc::clone(value))));
            if entries.len() > SYNC_MAX {
                break;
            }
        }
        let is_cut = entries.len() > SYNC_MAX;
        entries.truncate(SYNC_MAX);
        metadata::Answer::Synced {
            of: state.place_of(of),
            entries,
            is_cut,
        }
    }
}

fn hears(state: &crate::hub::state::State, session: SessionId, room: RoomId) -> bool {
    let user = state.session(session).and_then(|it| it.user);
    user.is_some_and(|user| state.user(user).is_in(room)) && state.does_hear(session, room)
}
