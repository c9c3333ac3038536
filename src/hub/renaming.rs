//! Rooms that get another name. With a history the store is asked first, and until it has said that its disk has the
//! new name, the room is called as before: so what cannot be kept is refused and has changed nothing. From then on
//! the former name is held back, until nothing is on its way that calls the room by it: then the store forgets it,
//! and whoever opens a room of that name begins with nothing.

use std::time::Duration;

use super::Hub;
use super::ask::Purpose;
use super::audience;
use super::change::{Change, CharterChange};
use super::command::Command;
use super::decide::moderation::NewName;
use super::event::{EventKind, Membership};
use super::history::{Answer, Keeping, Partner, Place, Renaming, Stored, Ticket, Trouble};
use super::id::{RoomId, SessionId, UserId};
use super::moderate::By;
use super::moderation::request::Moderated;
use super::moderation::rule::Rule;
use super::name::RoomName;
use super::output::{Administered, Deed, Output, RegistryRecord, Reply};
use super::refusal::Refusal;
use super::renamings::{Entry, Step, Wish};
use super::state::DEFAULT_ROOM;
use super::turn::{Asked, Turn};

impl Turn<'_> {
    /// A user's order.
    pub(super) fn rename_room_for(&mut self, asked: Asked, new: NewName) {
        let by = By(Some(asked.session));
        match self.rename_room(by, Some(asked.clone()), new) {
            Ok(Some(_)) => {}
            Ok(None) => self.reply(asked, Reply::Moderated(RENAMED)),
            Err(refusal) => self.refuse(asked, refusal),
        }
    }

    /// The admin socket's.
    pub(super) fn rename_room_by_admin(&mut self, new: NewName) -> Result<Administered, Refusal> {
        let ticket = self.rename_room(By(None), None, new)?;
        Ok(ticket.map_or(Administered::Moderated(RENAMED), Administered::Later))
    }

    /// Does it, where there is no history; else the store is asked, and answers under this ticket.
    fn rename_room(
        &mut self,
        by: By,
        asked: Option<Asked>,
        new: NewName,
    ) -> Result<Option<Ticket>, Refusal> {
        self.must_be_able_to_register(by)?;
        let wish = Wish {
            by,
            nick: self.name_of(by),
            asked,
            reason: new.reason,
        };
        let from = self.hub.state.room(new.room).name.clone();
        if self.hub.keeping == Keeping::Off {
            self.give_name(new.room, new.name, &wish);
            return Ok(None);
        }
        let to = new.name.clone();
        let ticket = self.ask_renaming(Renaming::Rename {
            from: from.clone(),
            to,
        });
        self.hub.renamings.0.push(Entry {
            from,
            to: new.name,
            step: Step::Asked { ticket, wish },
        });
        Ok(Some(ticket))
    }

    fn ask_renaming(&mut self, renaming: Renaming) -> Ticket {
        let ticket = self.hub.asks.next_ticket();
        self.outputs.push(Output::AskRenaming { ticket, renaming });
        ticket
    }

    /// The store has answered; `None` if that was about the name of a room.
    pub(super) fn renaming_answered(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        let Some(Entry { from, to, step }) = self.hub.renamings.take(ticket) else {
            return Some(answer);
        };
        let Step::Asked { wish, .. } = step else {
            if !matches!(answer, Answer::Renamed { .. }) {
                let retry_at = self.now.uptime + RETRY;
                let step = Step::Failed { retry_at };
                self.hub.renamings.0.push(Entry { from, to, step });
            }
            self.let_enter();
            return None;
        };
        let result = match answer {
            Answer::Renamed { is_done: true } => {
                self.renamed(from, to, &wish);
                Ok(RENAMED)
            }
            Answer::Failed(why) => Err(Refusal::NotKept(why)),
            Answer::Renamed { is_done: false }
            | Answer::Page(_)
            | Answer::Message(_)
            | Answer::Unread(_)
            | Answer::Conversations(_)
            | Answer::Mark(_) => Err(Refusal::RoomNameInUse { room: from, to }),
        };
        match (wish.asked, result) {
            (Some(asked), Ok(moderated)) => self.reply(asked, Reply::Moderated(moderated)),
            (Some(asked), Err(refusal)) => self.refuse(asked, refusal),
            (None, result) => self.outputs.push(Output::AdministeredLater {
                ticket,
                result: result.map(Administered::Moderated),
            }),
        }
        None
    }

    /// The store has the new name.
    fn renamed(&mut self, from: RoomName, to: RoomName, wish: &Wish) {
        // It may have closed meanwhile; then what was said there is found under the new name all the same.
        if let Some(room) = self.hub.state.room_named(&from) {
            self.give_name(room, to.clone(), wish);
        }
        self.hub.asks.rename_room(&from, &to);
        self.settle(from, to);
    }

    /// Holds the former name back as long as anything may come that has it.
    fn settle(&mut self, from: RoomName, to: RoomName) {
        if from == to {
            return;
        }
        let step = Step::Settling {
            records: self.hub.unregistered,
            upto: self.hub.asks.last_ticket(),
        };
        self.hub.renamings.0.push(Entry { from, to, step });
    }

    /// Has the store forget the former names that are not on their way any more.
    pub(super) fn forget_former_names(&mut self) {
        for at in 0..self.hub.renamings.0.len() {
            let Entry { from, step, .. } = &self.hub.renamings.0[at];
            let is_due = match step {
                Step::Settling { records, upto } => {
                    *records == 0 && self.hub.asks.are_answered(*upto)
                }
                Step::Failed { retry_at } => *retry_at <= self.now.uptime,
                Step::Asked { .. } | Step::Forgetting { .. } => false,
            };
            if is_due {
                let name = from.clone();
                let ticket = self.ask_renaming(Renaming::Forget { name });
                self.hub.renamings.0[at].step = Step::Forgetting { ticket };
            }
        }
    }

    /// A command as it is, unless it is to wait for the name of a room to be free: so whoever has heard that a room is
    /// called otherwise may enter one of the old name at once.
    pub(super) fn unless_held(
        &mut self,
        asked: Asked,
        command: Command,
    ) -> Option<(Asked, Command)> {
        let waits = if let Command::Join { room, .. } = &command {
            self.hub.renamings.will_free(room)
        } else {
            false
        };
        if !waits || self.hub.waiting_to_enter.len() >= WAITING_MAX {
            return Some((asked, command));
        }
        let until = self.now.uptime + WAIT_MAX;
        self.hub.waiting_to_enter.push((until, asked, command));
        None
    }

    /// Who has waited for too long is told what there is to tell now.
    pub(super) fn end_waits(&mut self, now: Duration) {
        let waiting = &mut self.hub.waiting_to_enter;
        let late = waiting.extract_if(.., |(until, ..)| *until <= now);
        let late = late.collect();
        self.decide_waiting(late);
    }

    /// They have paid when they came.
    fn decide_waiting(&mut self, waiting: Vec<(Duration, Asked, Command)>) {
        for (_, asked, command) in waiting {
            if self.hub.state.session(asked.session).is_some() {
                self.decided_command(asked, command);
            }
        }
    }

    /// Those whose names are not about to be free any more: they are, or it takes longer.
    fn let_enter(&mut self) {
        let Hub {
            renamings,
            waiting_to_enter,
            ..
        } = &mut *self.hub;
        let is_over = |(_, _, command): &mut (Duration, Asked, Command)| !matches!(command, Command::Join { room, .. } if renamings.will_free(room));
        let let_in: Vec<_> = waiting_to_enter.extract_if(.., is_over).collect();
        self.decide_waiting(let_in);
    }

    /// The room is called otherwise from now on.
    fn give_name(&mut self, room: RoomId, name: RoomName, wish: &Wish) {
        let from = self.hub.state.room(room).name.clone();
        let by = self.name_of(wish.by).or_else(|| wish.nick.clone());
        let heard_before = self.hearers_of_tokens(room);
        let record = self.apply_name(room, name.clone());
        self.deed(
            wish.by,
            Deed::RoomRenamed {
                room: from.clone(),
                to: name.clone(),
            },
        );
        let kind = EventKind::RoomRenamed {
            room: from,
            to: name,
            by,
            reason: wish.reason.clone(),
        };
        self.tell(audience::all_of(room), kind);
        self.move_tokens(room, &heard_before);
        if let Some(record) = record {
            self.register(record);
        }
    }

    /// Takes the change in; what the registry is to keep of it, if it has anything.
    fn apply_name(&mut self, room: RoomId, name: RoomName) -> Option<RegistryRecord> {
        let state = &mut self.hub.state;
        let from = state.room(room).name.clone();
        state.apply(Change::Charter(CharterChange::Renamed {
            room,
            name: name.clone(),
        }));
        let rules: Vec<Rule> = state.rules.all_of(Some(&name)).cloned().collect();
        let charter = &state.room(room).charter;
        let charter = charter.is_written.then(|| charter.record(name));
        let is_kept = charter.is_some() || !rules.is_empty();
        is_kept.then_some(RegistryRecord::Renamed {
            from,
            charter,
            rules,
        })
    }

    /// Of the members' sessions whose tokens are for some rooms only, those that hear the room.
    fn hearers_of_tokens(&self, room: RoomId) -> Vec<SessionId> {
        let state = &self.hub.state;
        if state.tokens.is_empty() {
            return Vec::new();
        }
        let sessions = state.room_sessions(room);
        let hearers =
            sessions.filter(|&it| state.restriction(it).is_some() && state.does_hear(it, room));
        hearers.collect()
    }

    /// A token is for names: its sessions are in the room, as the engine has it, or not any more.
    fn move_tokens(&mut self, room: RoomId, heard_before: &[SessionId]) {
        let hear = self.hearers_of_tokens(room);
        for &session in heard_before.iter().filter(|it| !hear.contains(it)) {
            let user = self.user_of(session);
            self.outputs.push(Output::Leave(Membership {
                room,
                user,
                session,
            }));
        }
        for session in hear.into_iter().filter(|it| !heard_before.contains(it)) {
            let user: UserId = self.user_of(session);
            self.enter_session(user, session, room);
            self.reply_joined(Asked::nothing(session), room, true);
        }
    }

    /// At a start: the store has kept the new name of these rooms, from and to, and perhaps the registry has not.
    pub(super) fn finish_renamings(&mut self, renamed: Vec<(RoomName, RoomName)>) {
        for (from, to) in renamed {
            let state = &self.hub.state;
            let is_free = state.room_named(&to).is_none();
            if let Some(room) = state.room_named(&from)
                && room != DEFAULT_ROOM
                && is_free
            {
                let record = self.apply_name(room, to.clone());
                record.into_iter().for_each(|it| self.register(it));
            }
            let mut owners = self.hub.topic_owners.iter_mut();
            if let Some(owner) = owners.find(|it| it.room == from) {
                owner.room = to.clone();
                let charter = Some(owner.clone());
                self.register(RegistryRecord::Renamed {
                    from: from.clone(),
                    charter,
                    rules: Vec::new(),
                });
            }
            self.settle(from, to);
        }
    }

    /// What the store says of rooms, with the names that they have now. While it is asked for a name, what it says
    /// under that name without having been asked for the room may still be of another, whose name it is.
    pub(super) fn correct_names(&self, purpose: &Purpose, answer: &mut Answer) {
        let renamings = &self.hub.renamings;
        if renamings.0.is_empty() {
            return;
        }
        let is_known = |message: &Stored| match &message.place {
            Place::Room(room) => !renamings.expect(room),
            Place::User { .. } => true,
        };
        match answer {
            Answer::Message(Some(message)) if !is_known(message) => {
                *answer = Answer::Failed(Trouble::Behind);
            }
            Answer::Page(page) if purpose.is_search_everywhere() => {
                page.messages.retain(is_known);
            }
            Answer::Message(_)
            | Answer::Page(_)
            | Answer::Unread(_)
            | Answer::Conversations(_)
            | Answer::Mark(_)
            | Answer::Renamed { .. }
            | Answer::Failed(_) => {}
        }
        let correct_place = |place: &mut Place| {
            if let Place::Room(room) = place {
                renamings.correct(room);
            }
        };
        let correct_partner = |of: &mut Partner| {
            if let Partner::Room(room) = of {
                renamings.correct(room);
            }
        };
        match answer {
            Answer::Page(page) => {
                for message in &mut page.messages {
                    correct_place(&mut message.place);
                }
                for change in &mut page.changes {
                    correct_place(&mut change.message.place);
                }
            }
            Answer::Message(Some(message)) => correct_place(&mut message.place),
            Answer::Unread(unread) => unread.iter_mut().for_each(|it| correct_partner(&mut it.of)),
            Answer::Conversations(found) => {
                found.iter_mut().for_each(|it| correct_partner(&mut it.of));
            }
            Answer::Message(None)
            | Answer::Mark(_)
            | Answer::Renamed { .. }
            | Answer::Failed(_) => {}
        }
    }
}

/// After what time the store is asked again to forget a name.
const RETRY: Duration = Duration::from_secs(1);

/// How long anybody waits to enter a room of a former name: where a disk fails it may be held for ever.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Those who may wait to enter rooms of former names; others are refused.
const WAITING_MAX: usize = 1000;

const RENAMED: Moderated = Moderated::Done { sessions: 0 };
