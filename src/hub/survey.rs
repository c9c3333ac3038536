//! What users may see of each other and of rooms, as cards that a protocol shows in its own way; and what IRC
//! shows of somebody beside their nick, which is made when it is first needed.

use std::sync::Arc;
use std::time::Duration;

use super::change::Change;
use super::command::Survey;
use super::event::EventKind;
use super::id::{RoomId, SessionId, UserId};
use super::moderation::rule::Rule;
use super::name::{Nick, RoomName};
use super::output::{Crowd, Member, Reply, RoomCard, Surveyed, UserCard};
use super::people::modes::UserMode;
use super::permission::{Action, Role};
use super::persona::{Introduction, Persona};
use super::state::DEFAULT_ROOM;
use super::turn::{Asked, Turn};

/// Whether a card tells where its user is, which takes longer than all else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rooms {
    Shown,
    LeftOut,
}

impl Turn<'_> {
    /// What was asked for is there, as `decide` has seen.
    pub(super) fn survey(&mut self, asked: Asked, survey: Survey) {
        let asker = self.user_of(asked.session);
        let state = &self.hub.state;
        let surveyed = match survey {
            Survey::User(nick) => {
                let user = state.user_named(&nick).expect("it was found before");
                let mut card = self.user_card(asker, user, Rooms::Shown);
                let metadata = state.user(user).extra.iter().flat_map(|it| &it.metadata);
                let metadata = metadata.map(|(key, value)| (key.clone(), Arc::clone(value)));
                card.metadata = metadata.collect();
                Surveyed::User(Box::new(card))
            }
            Survey::Some(nicks) => {
                let users = nicks.iter().filter_map(|nick| state.user_named(nick));
                Surveyed::Users(
                    users
                        .map(|user| self.user_card(asker, user, Rooms::LeftOut))
                        .collect(),
                )
            }
            Survey::Gone { nick, most } => Surveyed::Gone(self.hub.gone.named(&nick, most)),
            Survey::Room { room, members } => {
                let room = state.room_named(&room).expect("it was found before");
                Surveyed::Room(Box::new(self.room_card(asker, room, members)))
            }
            Survey::Members(room) => {
                let room = state.room_named(&room).expect("it was found before");
                let shown = self.members_shown(asker, room);
                let cards = shown.map(|user| {
                    let card = self.user_card(asker, user, Rooms::LeftOut);
                    (card, self.shown_role(user, room))
                });
                let mut members: Vec<(UserCard, Role)> = cards.collect();
                members.sort_unstable_by(|(a, _), (b, _)| a.nick.cmp(&b.nick));
                let room = state.room(room).name.clone();
                Surveyed::Members { room, members }
            }
            Survey::Rooms => {
                let rooms = state.rooms.by_name().filter_map(|room| {
                    let id = state.room_named(&room.name)?;
                    let is_shown = state.may_know_of(asker, id);
                    is_shown.then(|| self.room_card(asker, id, false))
                });
                Surveyed::Rooms(rooms.collect())
            }
            Survey::Users => {
                let sees_all = state.is_server_operator(asker);
                let users = state.users.by_name().filter_map(|user| {
                    let id = state.user_named(&user.nick)?;
                    let card = self.user_card(asker, id, Rooms::LeftOut);
                    let is_shown = !card.modes.has(UserMode::Invisible) || card.is_near || sees_all;
                    is_shown.then_some(card)
                });
                Surveyed::Users(users.collect())
            }
            Survey::Invitations => {
                let owner = state.owner_of(asker);
                let rooms = state.rooms.by_name();
                let invited = rooms.filter(|room| room.charter.invited.contains(&owner));
                let ids = invited.filter_map(|room| state.room_named(&room.name));
                Surveyed::Rooms(ids.map(|id| self.room_card(asker, id, false)).collect())
            }
            Survey::Rules(room) => self.rules_seen(asker, &room),
            Survey::Counts => Surveyed::Crowd(self.crowd()),
        };
        self.reply(asked, Reply::Survey(surveyed));
    }

    fn crowd(&self) -> Crowd {
        let state = &self.hub.state;
        let has_default = !state.room(DEFAULT_ROOM).members.is_empty();
        Crowd {
            users: state.users.len(),
            invisible: state.invisible_users,
            server_operators: state.server_operators(),
            unknown: state.sessions.len() - state.attached_sessions,
            rooms: state.occupied_rooms() - usize::from(!has_default),
            most_users: self.hub.most_users,
        }
    }

    fn rules_seen(&self, asker: UserId, name: &RoomName) -> Surveyed {
        let state = &self.hub.state;
        let room = state.room_named(name).expect("it was found before");
        let role = state.role_in(asker, room);
        let is_seen = |rule: &Rule| match rule.subject.is_address() {
            true => role.may(Action::RuleAddresses),
            false => role.may(Action::Rule),
        };
        let room = state.room(room).name.clone();
        let rules = state.with_traits(asker, |who| {
            let rules = state.rules.all_of(Some(&room));
            let seen = rules.filter(|rule| is_seen(rule) || rule.subject.fits(who));
            seen.cloned().collect()
        });
        Surveyed::Rules { room, rules }
    }

    fn user_card(&self, asker: UserId, id: UserId, rooms: Rooms) -> UserCard {
        let state = &self.hub.state;
        let user = state.user(id);
        let near = |room: RoomId| state.user(asker).is_in(room);
        let may_find = |room: RoomId| {
            let may_see = || state.may_know_of(asker, room) && state.may_see_members(asker, room);
            id == asker || may_see() && state.may_find_in(asker, id, room)
        };
        let places = match rooms {
            Rooms::Shown => &user.places[..],
            Rooms::LeftOut => &[],
        };
        let shown = places.iter().filter(|place| may_find(place.room));
        let rooms = shown.map(|place| {
            let room = state.room(place.room);
            (room.name.clone(), self.shown_role(id, place.room))
        });
        let owner = state.owner_of(id);
        let is_voiced = |room: RoomId| state.room(room).charter.voiced.contains(&owner);
        let voiced = user.places.iter().map(|place| place.room);
        let voiced = voiced.filter(|&room| is_voiced(room) && may_find(room));
        UserCard {
            nick: user.nick.clone(),
            persona: self.persona_of(id),
            away: user.away().cloned(),
            modes: user.modes(),
            metadata: Vec::new(),
            is_server_operator: state.is_server_operator(id),
            since: user.since,
            idle: self.idle(id),
            rooms: rooms.collect(),
            voiced_in: voiced.map(|room| state.room(room).name.clone()).collect(),
            is_near: id == asker || user.places.iter().any(|place| near(place.room)),
        }
    }

    fn room_card(&self, asker: UserId, id: RoomId, with_members: bool) -> RoomCard {
        let state = &self.hub.state;
        let room = state.room(id);
        let is_member = state.user(asker).is_in(id);
        let role = state.role_in(asker, id);
        let mut settings = room.charter.settings.clone();
        if !is_member && !role.may(Action::Set) {
            // That there is one may be known, since whoever joins is told.
            settings.key = settings.key.map(|_| "*".into());
        }
        let members = if with_members {
            let shown = self.members_shown(asker, id);
            let named = shown.map(|user| self.member(user, id));
            let mut members: Vec<Member> = named.collect();
            members.sort_unstable_by(|a, b| a.nick.cmp(&b.nick));
            members
        } else {
            Vec::new()
        };
        let started_at = self.hub.started_at.unwrap_or_default();
        RoomCard {
            room: room.name.clone(),
            topic: room.topic.clone(),
            topic_by: room.topic_by.as_deref().cloned(),
            created_at: room.created_at.max(started_at),
            settings,
            size: room.members.len(),
            members,
            is_member,
            role,
        }
    }

    /// Those in a room whom somebody may see there.
    fn members_shown(&self, asker: UserId, id: RoomId) -> impl Iterator<Item = UserId> {
        let state = &self.hub.state;
        let sees_all = state.may_see_members(asker, id);
        let is_shown = move |user: UserId| {
            let is_seen = || user == asker || state.role_in(user, id).may(Action::Rule);
            (sees_all || is_seen()) && state.may_find_in(asker, user, id)
        };
        let members = state.room(id).members.iter().copied();
        members.filter(move |&user| is_shown(user))
    }

    fn member(&self, user: UserId, room: RoomId) -> Member {
        let state = &self.hub.state;
        let owner = state.owner_of(user);
        Member {
            nick: state.user(user).nick.clone(),
            persona: self.persona_of(user),
            role: self.shown_role(user, room),
            is_voiced: state.room(room).charter.voiced.contains(&owner),
        }
    }

    /// What somebody was given in a room; that they keep order everywhere is shown elsewhere.
    fn shown_role(&self, user: UserId, room: RoomId) -> Role {
        let state = &self.hub.state;
        state.room(room).charter.role_of(state.owner_of(user))
    }

    fn idle(&self, user: UserId) -> Duration {
        let user = self.hub.state.user(user);
        let sessions = user.sessions.iter();
        let heard = sessions.map(|session| self.hub.timers.last_heard(session.slot));
        let kept = user.kept_place().map(|place| place.last_heard);
        let last = heard.chain(kept).max();
        last.map_or(Duration::ZERO, |last| self.now.uptime.saturating_sub(last))
    }

    /// A user's introduction counts from now on. Their host is a cloak of where the session comes from.
    pub(super) fn introduce(&mut self, session: SessionId, introduction: Introduction) {
        self.hub.shows_personas = true;
        let user = self.user_of(session);
        let persona = Persona {
            username: introduction.username,
            realname: introduction.realname,
            ..self.stranger(user)
        };
        let persona = Arc::new(persona);
        self.hub.state.apply(Change::PersonaSet { user, persona });
    }

    /// What is shown of a user who has said nothing of themselves.
    fn stranger(&self, user: UserId) -> Persona {
        let state = &self.hub.state;
        Persona {
            username: Persona::USERNAME.into(),
            host: state.cloak_key.cloak(state.shown_network(user)),
            realname: state.user(user).nick.as_str().into(),
            is_bot: false,
            account: state.account_of(user).cloned(),
        }
    }

    pub(super) fn persona_of(&self, user: UserId) -> Arc<Persona> {
        let known = self.hub.state.user(user).persona().cloned();
        known.unwrap_or_else(|| Arc::new(self.stranger(user)))
    }

    /// What events show of a user; made and kept when it is first needed, which is never without IRC.
    pub(super) fn persona_for_event(&mut self, user: UserId) -> Option<Arc<Persona>> {
        if !self.hub.shows_personas {
            return None;
        }
        if let Some(persona) = self.hub.state.user(user).persona() {
            return Some(Arc::clone(persona));
        }
        let persona = Arc::new(self.stranger(user));
        let kept = Arc::clone(&persona);
        self.hub.state.apply(Change::PersonaSet {
            user,
            persona: kept,
        });
        Some(persona)
    }

    /// Their account has changed, which events show.
    pub(super) fn refresh_persona(&mut self, user: UserId) {
        let Some(before) = self.hub.state.user(user).persona() else {
            return;
        };
        let account = self.hub.state.account_of(user).cloned();
        let persona = Arc::new(Persona {
            account,
            ..Persona::clone(before)
        });
        self.hub.state.apply(Change::PersonaSet { user, persona });
    }

    /// Whoever an event names as who did it, if they are here.
    pub(super) fn actor_of(&mut self, kind: &EventKind) -> Option<Arc<Persona>> {
        if !self.hub.shows_personas {
            return None;
        }
        let user = self.hub.state.user_named(actor(kind)?)?;
        self.persona_for_event(user)
    }
}

/// Whose deed an event tells. Of a new nick it is the new one, which they have by then.
fn actor(kind: &EventKind) -> Option<&Nick> {
    match kind {
        EventKind::Message { from, .. }
        | EventKind::ToStatus { from, .. }
        | EventKind::Private { from, .. }
        | EventKind::Tagged { from, .. }
        | EventKind::Edited { from, .. }
        | EventKind::Deleted { from, .. } => Some(from),
        EventKind::Joined { nick, .. }
        | EventKind::Parted { nick, .. }
        | EventKind::Quit { nick, .. }
        | EventKind::AwayChanged { nick, .. }
        | EventKind::AccountChanged { nick, .. } => Some(nick),
        EventKind::NickChanged { new, .. } => Some(new),
        EventKind::Invited { by, .. } | EventKind::InviteNoticed { by, .. } => Some(by),
        EventKind::TopicChanged { by, .. }
        | EventKind::Kicked { by, .. }
        | EventKind::RoleChanged { by, .. }
        | EventKind::RoomChanged { by, .. }
        | EventKind::RoomRenamed { by, .. }
        | EventKind::RuleEnded { by, .. } => by.as_ref(),
        EventKind::RuleAdded { rule } => rule.by.as_ref(),
        EventKind::People(news) => news.actor(),
        EventKind::MarkedRead { .. }
        | EventKind::NickRegistered { .. }
        | EventKind::Notice { .. } => None,
    }
}
