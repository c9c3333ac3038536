//! What becomes of a moderator's order, and of rules whose time is over: audience, change, outputs, and what
//! the registry keeps of it. Whether it may happen was settled in `decide`.

use std::sync::Arc;
use std::time::Duration;

use super::audience::{self, Audience};
use super::change::{Change, CharterChange};
use super::decide::grant::Granting;
use super::decide::moderation::{NewRule, Order};
use super::ending::Connection;
use super::event::EventKind;
use super::id::{RoomId, SessionId, SessionIds, UserId};
use super::input::QuitReason;
use super::moderation::request::Moderated;
use super::moderation::room::{OFF, RoomChange};
use super::moderation::rule::{Effect, Rule, RuleId};
use super::name::Nick;
use super::output::{Audit, Deed, RegistryRecord, Reply};
use super::permission::Action;
use super::refusal::Refusal;
use super::turn::{Asked, Turn};

/// Records that may wait for the registry to write them; with more, nobody changes anything until it has, but who
/// keeps order everywhere.
pub(super) const UNREGISTERED_MAX: usize = 1000;

/// The same for those: anybody who opens a room can use up what is for all, while the disk fails.
const UNREGISTERED_BY_OPERATORS_MAX: usize = 2 * UNREGISTERED_MAX;

/// Rules that end in one tick; those concerned are looked for among all users, and the others are not to wait
/// for that. The next tick follows at once.
const ENDS_PER_TICK: usize = 100;

/// Who gave an order: a user by one of their sessions, or (`None`) whoever has the admin socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct By(pub(super) Option<SessionId>);

impl Turn<'_> {
    pub(super) fn moderate_for(&mut self, asked: Asked, order: Order) {
        let by = By(Some(asked.session));
        match self.moderate(by, order) {
            // Who took themselves out has no session that hears it, and needs none.
            Ok(moderated) => self.reply(asked, Reply::Moderated(moderated)),
            Err(refusal) => self.refuse(asked, refusal),
        }
    }

    pub(super) fn moderate(&mut self, by: By, order: Order) -> Result<Moderated, Refusal> {
        let changes = !matches!(
            order,
            Order::Answer(_) | Order::TakeOut { .. } | Order::End { .. }
        );
        if changes {
            self.must_be_able_to_register(by)?;
        }
        let sessions = match order {
            Order::Answer(answer) => return Ok(answer),
            Order::End { user, reason } => {
                let nick = self.hub.state.user(user).nick.clone();
                self.deed(by, Deed::Kicked { room: None, nick });
                self.end_all_of(user, &QuitReason::Kicked(reason))
            }
            Order::TakeOut { user, room, reason } => self.take_out(by, user, room, reason),
            Order::AddRule(rule) => self.add_rule(by, rule),
            Order::EndRule(rule) => {
                self.end_rule(rule, Ending::By(by));
                0
            }
            Order::Grant(granting) => {
                self.grant(by, granting);
                0
            }
            Order::SetRoom { room, change } => {
                self.set_room(by, room, change);
                0
            }
            Order::Rename(_) => unreachable!("the store is asked first"),
        };
        Ok(Moderated::Done { sessions })
    }

    /// Whether one more change may wait for the registry to write it.
    pub(super) fn must_be_able_to_register(&self, by: By) -> Result<(), Refusal> {
        if self.hub.unregistered >= self.unregistered_max(by) {
            return Err(Refusal::AccountsUnavailable);
        }
        Ok(())
    }

    fn unregistered_max(&self, by: By) -> usize {
        let state = &self.hub.state;
        let user = by.0.and_then(|session| state.session(session)?.user);
        if by.0.is_none() || user.is_some_and(|user| state.is_server_operator(user)) {
            UNREGISTERED_BY_OPERATORS_MAX
        } else {
            UNREGISTERED_MAX
        }
    }

    /// The user is called, and perhaps may come in once.
    pub(super) fn invite(&mut self, asked: Asked, room: RoomId, user: UserId, opens: bool) {
        let by = self.user_of(asked.session);
        let state = &mut self.hub.state;
        if opens {
            let owner = state.owner_of(user);
            state.apply(Change::Charter(CharterChange::Invited { room, owner }));
        }
        let (room_name, by_name) = (state.room(room).name.clone(), state.user(by).nick.clone());
        let others = audience::inviters(state, room, by, user);
        let noticed = EventKind::InviteNoticed {
            room: room_name.clone(),
            nick: state.user(user).nick.clone(),
            by: by_name.clone(),
        };
        // Whoever ignores somebody is not to be called by them either.
        if !state.user(user).does_ignore(by) {
            let audience = audience::own(state, user);
            let kind = EventKind::Invited {
                room: room_name,
                nick: state.user(user).nick.clone(),
                by: by_name,
            };
            self.tell(audience, kind);
        }
        // No other protocol has a form for it.
        if self.hub.shows_personas {
            self.tell(others, noticed);
        }
        self.reply(asked, Reply::Done);
    }

    /// Says how many sessions the user has.
    fn take_out(&mut self, by: By, user: UserId, room: RoomId, reason: Option<Arc<str>>) -> usize {
        let state = &self.hub.state;
        let name = state.room(room).name.clone();
        let nick = state.user(user).nick.clone();
        let sessions = state.user(user).sessions.len();
        let kind = EventKind::Kicked {
            room: name.clone(),
            nick: nick.clone(),
            by: self.name_of(by),
            reason,
        };
        let deed = Deed::Kicked {
            room: Some(name),
            nick,
        };
        self.deed(by, deed);
        self.leave_room(user, room, kind);
        sessions
    }

    /// Says how many sessions it has ended or taken out.
    fn add_rule(&mut self, by: By, new: NewRule) -> usize {
        if let Some(before) = new.instead_of {
            self.forget_rule(before);
        }
        let state = &self.hub.state;
        let lasts = new.lasts;
        let rule = Rule {
            id: state.rules.next_id(),
            room: new.room.map(|room| state.room(room).name.clone()),
            effect: new.effect,
            subject: new.subject,
            by: self.name_of(by),
            reason: new.reason,
            at: self.now.unix,
            until: lasts.map(|lasts| self.now.unix.after(lasts)),
        };
        let end = lasts.map(|lasts| self.now.uptime + lasts);
        self.deed(by, Deed::RuleAdded(rule.clone()));
        self.hub
            .state
            .apply(Change::Charter(CharterChange::RuleAdded {
                rule: rule.clone(),
                end,
            }));
        if let Some(room) = new.room {
            self.write_charter(room, false);
        }
        self.register(RegistryRecord::Rule(rule.clone()));
        let audience = self.concerned_by(&rule, new.room);
        let rule = Arc::new(rule);
        let kind = EventKind::RuleAdded {
            rule: Arc::clone(&rule),
        };
        self.tell(audience, kind);
        match (rule.effect, new.evicts) {
            (Effect::Ban, true) => self.evict(by, &rule, new.room),
            (Effect::Ban | Effect::Mute | Effect::Exempt | Effect::Invite, _) => 0,
        }
    }

    /// Takes out those whom a ban is about. Says how many sessions that were.
    fn evict(&mut self, by: By, ban: &Rule, room: Option<RoomId>) -> usize {
        let reason = ban.reason.as_ref();
        let mut sessions = 0;
        for user in self.users_under(ban, room) {
            sessions += match room {
                Some(room) => self.take_out(by, user, room, reason.cloned()),
                None => self.end_all_of(user, &QuitReason::Banned(reason.cloned())),
            };
        }
        if room.is_none() {
            let state = &self.hub.state;
            let nobodies = state.sessions.iter().filter(|(_, session)| {
                // Where somebody is exempt, nobody is turned away before they say who they are.
                let is_from_there = |network| {
                    ban.subject.has_address(network)
                        && state.rules.ban_of_address(network).is_some()
                };
                session.user.is_none() && session.network().is_some_and(is_from_there)
            });
            for session in nobodies.map(|(id, _)| id).collect::<Vec<_>>() {
                let reason = QuitReason::Banned(reason.cloned());
                self.end(session, reason, Connection::Open);
                sessions += 1;
            }
        }
        sessions
    }

    /// Those for whom a ban or mute holds who are in its room, or anywhere.
    fn users_under(&self, rule: &Rule, room: Option<RoomId>) -> Vec<UserId> {
        let state = &self.hub.state;
        let mut users = self.users_within(room);
        users.retain(|&user| {
            let is_above = match room {
                Some(room) => state.role_in(user, room).may(Action::Rule),
                None => state.is_server_operator(user),
            };
            !is_above && state.with_traits(user, |who| state.rules.does_hold(rule, who))
        });
        users
    }

    /// Those who are in a room, or anywhere.
    fn users_within(&self, room: Option<RoomId>) -> Vec<UserId> {
        let state = &self.hub.state;
        match room {
            Some(room) => state.room(room).members.clone(),
            None => state.users.iter().map(|(id, _)| UserId(id)).collect(),
        }
    }

    fn end_rule(&mut self, id: RuleId, ending: Ending) {
        let Some(rule) = self.forget_rule(id) else {
            return;
        };
        let name = rule.room.as_ref();
        let room = name.and_then(|name| self.hub.state.room_named(name));
        let by = match ending {
            Ending::By(by) => by,
            Ending::Clock => By(None),
        };
        let deed = Deed::RuleEnded {
            rule: rule.clone(),
            has_expired: matches!(ending, Ending::Clock),
        };
        self.deed(by, deed);
        let audience = self.concerned_by(&rule, room);
        let kind = EventKind::RuleEnded {
            rule: Arc::new(rule),
            by: self.name_of(by),
        };
        self.tell(audience, kind);
        if let Some(room) = room {
            self.write_charter(room, false);
        }
    }

    fn forget_rule(&mut self, id: RuleId) -> Option<Rule> {
        let rule = self.hub.state.rules.get(id).cloned()?;
        let removed = CharterChange::RuleRemoved { rule: id };
        self.hub.state.apply(Change::Charter(removed));
        self.register(RegistryRecord::RuleGone(id));
        Some(rule)
    }

    /// Rules whose time is over end, and those concerned are told.
    pub(super) fn end_rules_due(&mut self, now: Duration) {
        for _ in 0..ENDS_PER_TICK {
            let Some(rule) = self.hub.state.rules.due(now) else {
                return;
            };
            self.end_rule(rule, Ending::Clock);
        }
    }

    /// Those whom a rule is about, and those who may see it.
    fn concerned_by(&self, rule: &Rule, room: Option<RoomId>) -> Audience {
        let state = &self.hub.state;
        let is_concerned = |user: UserId| {
            let may_see = match room {
                Some(room) if !rule.subject.is_address() => {
                    state.role_in(user, room).may(Action::Rule)
                }
                Some(_) | None => state.is_server_operator(user),
            };
            may_see || state.with_traits(user, |who| rule.subject.fits(who))
        };
        let candidates = self.users_within(room).into_iter();
        let concerned = candidates.filter(|&user| is_concerned(user));
        let sessions = concerned.flat_map(|user| state.user(user).sessions.iter().copied());
        Audience {
            sessions: sessions.collect::<SessionIds>(),
            ..Audience::default()
        }
    }

    fn grant(&mut self, by: By, granting: Granting) {
        let Granting {
            room,
            owner,
            nick,
            before,
            after,
        } = granting;
        let name = self.hub.state.room(room).name.clone();
        let has_another_role = after.role != before.role;
        if has_another_role {
            let deed = Deed::RoleSet {
                room: name.clone(),
                nick: nick.clone(),
                role: after.role,
            };
            self.deed(by, deed);
        }
        self.hub
            .state
            .apply(Change::Charter(CharterChange::RoleSet {
                room,
                owner,
                nick: nick.clone(),
                standing: after,
            }));
        let by = self.name_of(by);
        let kind = EventKind::RoleChanged {
            room: name,
            nick,
            was: before,
            is: after,
            by,
        };
        self.tell(audience::all_of(room), kind);
        if has_another_role {
            self.write_charter(room, true);
        }
    }

    fn set_room(&mut self, by: By, room: RoomId, change: RoomChange) {
        let name = self.hub.state.room(room).name.clone();
        let setting = change.name();
        // Neither a key nor a list of rude words is for everybody to read.
        let is_shown = !matches!(change, RoomChange::Key(Some(_)) | RoomChange::Words(_));
        let value: Arc<str> = match change.value() {
            value if is_shown || value == OFF => value.into(),
            _ => "on".into(),
        };
        let deed = Deed::RoomSet {
            room: name.clone(),
            setting,
            value: Arc::clone(&value),
        };
        self.deed(by, deed);
        let set = CharterChange::Set { room, change };
        self.hub.state.apply(Change::Charter(set));
        let by = self.name_of(by);
        let kind = EventKind::RoomChanged {
            room: name,
            setting,
            value,
            by,
        };
        self.tell(audience::all_of(room), kind);
        self.write_charter(room, true);
    }

    /// As others are told who did something; `None` for the admin socket.
    pub(super) fn name_of(&self, by: By) -> Option<Nick> {
        let user = self.hub.state.session(by.0?)?.user?;
        Some(self.hub.state.user(user).nick.clone())
    }

    pub(super) fn deed(&mut self, by: By, deed: Deed) {
        self.audit(Audit::Moderated {
            session: by.0,
            deed,
        });
    }
}

/// Why a rule ends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    By(By),
    Clock,
}
