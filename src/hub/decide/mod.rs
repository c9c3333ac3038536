//! From a command to a decision or a refusal: may the session do this, now, here? Nothing changes
//! here and nobody is told. One file per family of commands.

mod account;
pub(super) mod admin;
mod membership;
mod message;
mod query;
mod room;
mod text;

use std::sync::Arc;

use super::command::{Command, MessageKind};
use super::id::{RoomId, SessionId, UserId};
use super::input::QuitReason;
use super::name::{Nick, RoomName};
use super::output::Reply;
use super::refusal::Refusal;
use super::settings::Settings;
use super::state::State;
use super::user::User;

/// What is to happen, with all names resolved. It is possible: carrying it out cannot fail.
#[derive(Debug)]
pub(super) enum Decision {
    LogIn {
        nick: Nick,
        enter_default_room: bool,
    },
    /// The session becomes one more of a user who is here. It enters their rooms, no other.
    Attach(UserId),
    Rename(Nick),
    /// A room that is perhaps not open yet.
    Enter(RoomName),
    Leave {
        room: RoomId,
        reason: Option<Arc<str>>,
    },
    Say {
        room: RoomId,
        kind: MessageKind,
        text: Arc<str>,
    },
    Tell {
        to: UserId,
        kind: MessageKind,
        text: Arc<str>,
    },
    SetTopic {
        room: RoomId,
        text: Arc<str>,
    },
    SetAway(Option<Arc<str>>),
    SetDeaf(bool),
    SetIgnore {
        other: UserId,
        on: bool,
    },
    /// Nothing changes; the session gets this answer.
    Answer(Reply),
    /// Nothing changes and nothing is answered.
    Nothing,
    /// The session ends.
    End(QuitReason),
}

/// Decides one command of a session that is there.
pub(super) fn decide(
    state: &State,
    settings: &Settings,
    session: SessionId,
    command: Command,
) -> Result<Decision, Refusal> {
    let asker = || Asker::find(state, settings, session);
    match command {
        // What a session may say before it has logged in.
        Command::Ping => Ok(Decision::Answer(Reply::Pong)),
        Command::Pong => Ok(Decision::Nothing),
        Command::Quit { reason } => {
            Ok(Decision::End(QuitReason::Quit(reason.filter(|text| {
                text::line(text, settings.topic_bytes).is_ok()
            }))))
        }
        Command::Login {
            nick,
            key,
            enter_default_room,
        } => account::log_in(state, session, nick, key, enter_default_room),
        // What only a user may.
        Command::Nick(nick) => account::rename(&asker()?, nick),
        Command::Away(text) => account::set_away(&asker()?, text),
        Command::Join(room) => membership::join(&asker()?, room),
        Command::Part { room, reason } => membership::part(&asker()?, room, reason),
        Command::Send { to, kind, text } => message::send(&asker()?, to, kind, text),
        Command::Deaf(deaf) => message::set_deaf(&asker()?, deaf),
        Command::Ignore { nick, on } => message::ignore(&asker()?, nick, on),
        Command::Topic { room, text } => room::set_topic(&asker()?, room, text),
        Command::Ignores => Ok(query::ignores(&asker()?)),
        Command::Rooms => Ok(query::rooms(&asker()?)),
        Command::Users => Ok(query::users(&asker()?)),
        Command::Names(room) => query::names(&asker()?, room),
        Command::Whois(nick) => query::whois(&asker()?, nick),
    }
}

/// Who asks, and what they ask about.
#[derive(Clone, Copy)]
struct Asker<'a> {
    state: &'a State,
    settings: &'a Settings,
    session: SessionId,
    id: UserId,
    user: &'a User,
}

impl<'a> Asker<'a> {
    fn find(state: &'a State, settings: &'a Settings, session: SessionId) -> Result<Self, Refusal> {
        let found = state.session(session).and_then(|session| session.user);
        let id = found.ok_or(Refusal::NotLoggedIn)?;
        Ok(Self {
            state,
            settings,
            session,
            id,
            user: state.user(id),
        })
    }

    fn is_deaf(&self) -> bool {
        let session = self.state.session(self.session);
        session.is_some_and(|session| session.deaf)
    }

    /// A room by name that is open.
    fn room(&self, name: RoomName) -> Result<RoomId, Refusal> {
        let room = self.state.room_named(&name);
        room.ok_or(Refusal::NoSuchRoom(name))
    }

    /// A room by name that the user is in.
    fn own_room(&self, name: RoomName) -> Result<RoomId, Refusal> {
        match self.state.room_named(&name) {
            Some(room) if self.user.is_in(room) => Ok(room),
            Some(_) => Err(Refusal::NotInRoom(name)),
            None => Err(Refusal::NoSuchRoom(name)),
        }
    }

    /// A user by nick.
    fn user_named(&self, nick: Nick) -> Result<UserId, Refusal> {
        let user = self.state.user_named(&nick);
        user.ok_or(Refusal::NoSuchUser(nick))
    }
}
