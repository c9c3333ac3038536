//! Keeping order: what a moderator asks for, with all names resolved and all rights looked at. The same for a
//! user of the chat and for the admin socket.

use std::sync::Arc;
use std::time::Duration;

use super::grant::{Granting, grant, set_status};
use super::share::must_have_charter;
use super::{Facts, text};
use crate::hub::history::Keeping;
use crate::hub::id::{RoomId, UserId};
use crate::hub::moderation::RULES_MAX;
use crate::hub::moderation::request::{Moderated, Moderation, RoomInfo};
use crate::hub::moderation::room::RoomChange;
use crate::hub::moderation::rule::{Effect, RuleId};
use crate::hub::moderation::subject::{Subject, SubjectError};
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::{Action, Role};
use crate::hub::refusal::Refusal;
use crate::hub::renamings::RENAMINGS_MAX;
use crate::hub::state::{DEFAULT_ROOM, State};

/// Who keeps order: a user, or (`None`) whoever has the admin socket.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Moderator(pub(in crate::hub) Option<UserId>);

/// A [`Moderation`] with all names resolved. It is possible.
#[derive(Debug)]
pub(in crate::hub) enum Order {
    TakeOut {
        user: UserId,
        room: RoomId,
        reason: Option<Arc<str>>,
    },
    End {
        user: UserId,
        reason: Option<Arc<str>>,
    },
    AddRule(NewRule),
    EndRule(RuleId),
    Grant(Granting),
    SetRoom {
        room: RoomId,
        change: RoomChange,
    },
    Rename(NewName),
    /// Nothing changes.
    Answer(Moderated),
}

/// A rule that is to be made.
#[derive(Debug)]
pub(in crate::hub) struct NewRule {
    pub(in crate::hub) room: Option<RoomId>,
    pub(in crate::hub) effect: Effect,
    pub(in crate::hub) subject: Subject,
    pub(in crate::hub) reason: Option<Arc<str>>,
    pub(in crate::hub) lasts: Option<Duration>,
    pub(in crate::hub) evicts: bool,
    /// The one that it takes the place of.
    pub(in crate::hub) instead_of: Option<RuleId>,
}

/// What a room is to be called.
#[derive(Debug)]
pub(in crate::hub) struct NewName {
    pub(in crate::hub) room: RoomId,
    pub(in crate::hub) name: RoomName,
    pub(in crate::hub) reason: Option<Arc<str>>,
}

/// Longest time that a rule may be made for, in place of which it can be made for ever.
const LASTS_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

pub(in crate::hub) fn decide(
    facts: Facts<'_>,
    by: Moderator,
    request: Moderation,
) -> Result<Order, Refusal> {
    let state = facts.state;
    match request {
        Moderation::Kick { room, nick, reason } => kick(facts, by, room, nick, reason),
        Moderation::AddRule {
            room,
            effect,
            subject,
            reason,
            lasts,
            evicts,
        } => {
            let room = may_rule(state, by, room, Some(&subject))?;
            text::optional_line(reason.as_deref(), facts.settings.topic_bytes)?;
            let reason = reason.filter(|text| !text.is_empty());
            let lasts = lasts.filter(|&lasts| lasts < LASTS_MAX);
            let rule = NewRule {
                room,
                effect,
                subject,
                reason,
                lasts,
                evicts,
                instead_of: None,
            };
            add_rule(state, by, rule)
        }
        Moderation::EndRule {
            room,
            effect,
            subject,
        } => {
            let room = may_rule(state, by, room, Some(&subject))?;
            let room = room.map(|room| &state.room(room).name);
            let rule = state.rules.find(room, effect, &subject);
            let rule = rule.ok_or(Refusal::NoSuchRule)?;
            Ok(Order::EndRule(rule.id))
        }
        Moderation::Rules { room } => {
            let id = may_rule(state, by, room, None)?;
            let sees_addresses = by.role(state, id).may(Action::RuleAddresses);
            let room = id.map(|room| &state.room(room).name);
            let rules = state.rules.all_of(room);
            let seen = rules.filter(|rule| sees_addresses || !rule.subject.is_address());
            Ok(Order::Answer(Moderated::Rules(seen.cloned().collect())))
        }
        Moderation::Grant { room, nick, role } => grant(state, by, room, nick, role),
        Moderation::SetStatus {
            room,
            nick,
            status,
            on,
        } => set_status(state, by, room, nick, status, on),
        Moderation::SetRoom { room, change } => set_room(state, by, room, change),
        Moderation::RenameRoom { room, to, reason } => rename_room(facts, by, room, to, reason),
        Moderation::ShowRoom { room } => show_room(state, by, room),
    }
}

impl Moderator {
    fn role(self, state: &State, room: Option<RoomId>) -> Role {
        match (self.0, room) {
            (None, _) => Role::ServerOperator,
            (Some(user), Some(room)) => state.role_in(user, room),
            (Some(user), None) if state.is_server_operator(user) => Role::ServerOperator,
            (Some(_), None) => Role::Anyone,
        }
    }

    pub(super) fn must_be_able_to(
        self,
        action: Action,
        state: &State,
        room: Option<RoomId>,
    ) -> Result<(), Refusal> {
        must_be_able_to(action, self.role(state, room))
    }

    /// Whether they may take a user out. The admin socket may take out all.
    fn must_be_above(
        self,
        state: &State,
        user: UserId,
        room: Option<RoomId>,
    ) -> Result<(), Refusal> {
        let is_above = self.0.is_none()
            || self
                .role(state, room)
                .may_take_out(Self(Some(user)).role(state, room));
        if is_above {
            Ok(())
        } else {
            Err(Refusal::Outranked(state.user(user).nick.clone()))
        }
    }

    /// An open room by name. Whoever may not know of a secret one is told that there is none.
    pub(super) fn room(self, state: &State, name: RoomName) -> Result<RoomId, Refusal> {
        let room = state.room_named(&name);
        let room = room.filter(|&room| self.0.is_none_or(|user| state.may_know_of(user, room)));
        room.ok_or(Refusal::NoSuchRoom(name))
    }
}

/// Whether a role is enough for an action.
pub(super) fn must_be_able_to(action: Action, role: Role) -> Result<(), Refusal> {
    if role.may(action) {
        return Ok(());
    }
    let needs = action.needs();
    Err(Refusal::NotPermitted { needs })
}

fn kick(
    facts: Facts<'_>,
    by: Moderator,
    room: Option<RoomName>,
    nick: Nick,
    reason: Option<Arc<str>>,
) -> Result<Order, Refusal> {
    let state = facts.state;
    let room = room.map(|name| by.room(state, name)).transpose()?;
    let action = match room {
        Some(_) => Action::Kick,
        None => Action::RuleServer,
    };
    by.must_be_able_to(action, state, room)?;
    text::optional_line(reason.as_deref(), facts.settings.topic_bytes)?;
    let reason = reason.filter(|text| !text.is_empty());
    let user = state.user_named(&nick);
    let user = user.ok_or_else(|| Refusal::NoSuchUser(nick.clone()))?;
    by.must_be_above(state, user, room)?;
    match room {
        None => Ok(Order::End { user, reason }),
        Some(room) if state.user(user).is_in(room) => Ok(Order::TakeOut { user, room, reason }),
        Some(room) => {
            let room = state.room(room).name.clone();
            Err(Refusal::UserNotInRoom(nick, room))
        }
    }
}

/// The room of a rule, for who may make such rules there.
fn may_rule(
    state: &State,
    by: Moderator,
    room: Option<RoomName>,
    subject: Option<&Subject>,
) -> Result<Option<RoomId>, Refusal> {
    let room = room.map(|name| by.room(state, name)).transpose()?;
    let action = match (room, subject) {
        (None, _) => Action::RuleServer,
        (Some(_), Some(subject)) if subject.is_address() => Action::RuleAddresses,
        (Some(_), _) => Action::Rule,
    };
    by.must_be_able_to(action, state, room)?;
    Ok(room)
}

fn add_rule(state: &State, by: Moderator, mut rule: NewRule) -> Result<Order, Refusal> {
    if rule.room.is_none() && rule.effect == Effect::Invite {
        return Err(Refusal::RuleNeedsRoom);
    }
    if rule.room.is_none() && rule.subject.is_everybody() {
        return Err(Refusal::BadSubject(SubjectError::Everybody));
    }
    let name = rule.room.map(|room| &state.room(room).name);
    let before = state.rules.find(name, rule.effect, &rule.subject);
    rule.instead_of = before.map(|before| before.id);
    if rule.instead_of.is_none() {
        let admitted = state
            .rules
            .admit(name, rule.effect, by.share(state, RULES_MAX));
        admitted.map_err(|max| Refusal::TooManyRules { max })?;
        rule.room
            .map_or(Ok(()), |room| must_have_charter(state, by, room))?;
    }
    Ok(Order::AddRule(rule))
}

fn set_room(
    state: &State,
    by: Moderator,
    room: RoomName,
    change: RoomChange,
) -> Result<Order, Refusal> {
    let room = by.room(state, room)?;
    by.must_be_able_to(change.action(), state, Some(room))?;
    if let (RoomChange::Persistent(true), Some(user)) = (&change, by.0)
        && state.account_of(user).is_none()
    {
        return Err(Refusal::AccountRequired);
    }
    let settings = &state.room(room).charter.settings;
    let mut after = settings.clone();
    after.apply(change.clone());
    if after == *settings {
        return Ok(Order::Answer(Moderated::Done { sessions: 0 }));
    }
    must_have_charter(state, by, room)?;
    Ok(Order::SetRoom { room, change })
}

fn rename_room(
    facts: Facts<'_>,
    by: Moderator,
    name: RoomName,
    to: RoomName,
    reason: Option<Arc<str>>,
) -> Result<Order, Refusal> {
    let Facts {
        state, renamings, ..
    } = facts;
    let room = by.room(state, name.clone())?;
    let may = by.must_be_able_to(Action::Rename, state, Some(room));
    if may.is_err() && by.0.is_some_and(|user| !state.user(user).is_in(room)) {
        return Err(Refusal::NotInRoom(name));
    }
    may?;
    text::optional_line(reason.as_deref(), facts.settings.topic_bytes)?;
    let from = &state.room(room).name;
    if from.as_str() == to.as_str() {
        return Ok(Order::Answer(Moderated::Done { sessions: 0 }));
    }
    if room == DEFAULT_ROOM || renamings.concern(from) {
        let room = from.clone();
        return Err(Refusal::CannotRename { room, to });
    }
    let is_taken = state.room_named(&to).is_some_and(|other| other != room);
    if is_taken || renamings.hold(&to) {
        let room = from.clone();
        return Err(Refusal::RoomNameInUse { room, to });
    }
    if let Keeping::Fails(why) = facts.keeping {
        return Err(Refusal::NotKept(why));
    }
    if renamings.are_full() {
        let max = RENAMINGS_MAX;
        return Err(Refusal::Busy { max });
    }
    Ok(Order::Rename(NewName {
        room,
        name: to,
        reason: reason.filter(|text| !text.is_empty()),
    }))
}

fn show_room(state: &State, by: Moderator, name: RoomName) -> Result<Order, Refusal> {
    let id = by.room(state, name)?;
    let room = state.room(id);
    let role = by.role(state, Some(id));
    let mut settings = room.charter.settings.entries();
    if !role.may(Action::Set) {
        settings.retain(|(name, _)| *name != "key" && *name != "words");
    }
    let info = RoomInfo {
        room: room.name.clone(),
        topic: room.topic.clone(),
        members: room.members.len(),
        settings,
        roles: room.charter.role_records(),
    };
    Ok(Order::Answer(Moderated::Room(Box::new(info))))
}
