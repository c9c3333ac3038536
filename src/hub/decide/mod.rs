//! From a command to a decision or a refusal: may the session do this, now, here? Nothing changes
//! here and nobody is told. One file per family of commands.

mod account;
pub(super) mod admin;
mod banned;
pub(super) mod grant;
mod history;
mod membership;
mod message;
pub(super) mod moderation;
mod people;
mod query;
mod room;
pub(super) mod share;
mod speech;
mod text;
mod token;

use std::sync::Arc;
use std::time::Duration;

use super::account::{Claim, PasswordChange};
use super::ask::Purpose;
use super::authenticate::Enrolment;
use super::command::{Command, Entry, MessageKind, Survey, Tags};
use super::held::Held;
use super::history::{ClientMsgId, Keeping, OwnerId, Partner, Question};
use super::id::{MessageId, RoomId, SessionId, UserId, UserKey};
use super::input::QuitReason;
use super::name::{Nick, RoomName};
use super::output::Reply;
use super::people::Request;
use super::permission::Status;
use super::persona::Introduction;
use super::refusal::Refusal;
use super::renamings::Renamings;
use super::settings::Settings;
use super::state::{DEFAULT_ROOM, State};
use super::time::Now;
use super::user::User;

pub(super) use account::{is_taken, must_be_alone};
pub(super) use banned::must_not_be_banned;
use moderation::{Moderator, Order};

/// What is to happen, with all names resolved. It is possible: carrying it out cannot fail.
#[derive(Debug)]
pub(super) enum Decision {
    LogIn {
        nick: Nick,
        /// Instead of the one that the session was given.
        key: Option<UserKey>,
        enter_default_room: bool,
        does_resume: bool,
        introduction: Option<Introduction>,
    },
    /// The session becomes one more of a user who is here. It enters their rooms, no other.
    Attach {
        user: UserId,
        does_resume: bool,
        /// What was said after it comes first.
        since: Option<MessageId>,
    },
    /// The registry has to be asked who it is.
    Authenticate {
        claim: Claim,
        entry: Entry,
    },
    /// The registry has to be asked the same of a session that does not come in by it yet, or has come in.
    Prove(Claim),
    /// The registry has to be asked what a proof by SCRAM is made with.
    BeginScram(Nick),
    /// The session comes in as the user of the account that it has proved to be its own.
    ComeIn {
        /// What a new user is called.
        nick: Nick,
        entry: Entry,
        introduction: Option<Introduction>,
    },
    /// The registry has to make an account first.
    Enroll(Enrolment),
    /// The registry has to compare the old password first.
    ChangePassword(PasswordChange),
    Rename(Nick),
    /// A room that is perhaps not open yet.
    Enter(RoomName),
    /// A user is called.
    Invite {
        room: RoomId,
        user: UserId,
        /// Whether they may come in once although the room is closed to them.
        opens: bool,
    },
    /// Order is kept.
    Moderate(Order),
    Leave {
        room: RoomId,
        reason: Option<Arc<str>>,
    },
    Say {
        room: RoomId,
        speech: Speech,
    },
    /// To those in a room who have a status.
    SayToStatus {
        to: (RoomId, Status),
        speech: Speech,
    },
    Tell {
        to: UserId,
        speech: Speech,
    },
    TagRoom {
        room: RoomId,
        tags: Tags,
    },
    TagUser {
        to: UserId,
        tags: Tags,
    },
    TagStatus {
        to: (RoomId, Status),
        tags: Tags,
    },
    /// The store has to be asked first.
    Ask {
        question: Question,
        purpose: Purpose,
    },
    MarkRead {
        of: Partner,
        upto: MessageId,
    },
    SetTopic {
        room: RoomId,
        text: Arc<str>,
    },
    SetAway(Option<Arc<str>>),
    SetDeaf(bool),
    Persist(bool),
    SetIgnore {
        other: UserId,
        on: bool,
    },
    /// Nothing changes; the session gets this answer.
    Answer(Reply),
    /// Somebody shows something of themselves, or wants to know of others.
    People(Request),
    /// Nothing changes; the session gets to see this.
    Survey(Survey),
    /// Nothing changes and nothing is answered.
    Nothing,
    /// The session ends.
    End(QuitReason),
}

/// What somebody says.
#[derive(Debug)]
pub(super) struct Speech {
    pub(super) kind: MessageKind,
    pub(super) text: Arc<str>,
    pub(super) client_msgid: Option<ClientMsgId>,
    pub(super) tags: Option<Tags>,
}

/// What a decision goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) now: Now,
    pub(super) state: &'a State,
    pub(super) settings: &'a Settings,
    pub(super) held: &'a Held,
    pub(super) renamings: &'a Renamings,
    pub(super) keeping: Keeping,
    /// The highest id given so far.
    pub(super) last_id: MessageId,
}

/// Decides one command of a session that is there.
pub(super) fn decide(
    facts: Facts<'_>,
    session: SessionId,
    command: Command,
) -> Result<Decision, Refusal> {
    let Facts {
        state, settings, ..
    } = facts;
    let asker = || Asker::find(facts, session);
    if let Some(token) = state.restriction(session) {
        token::may(token, &command)?;
    }
    match command {
        // What a session may say before it has logged in.
        Command::Ping => Ok(Decision::Answer(Reply::Pong)),
        Command::Pong => Ok(Decision::Nothing),
        Command::Quit { reason } => {
            let may_be_told = |text: &Arc<str>| {
                text::line(text, settings.topic_bytes).is_ok()
                    && asker().map_or(true, |asker| asker.may_be_read_around(text))
            };
            let reason = reason.filter(may_be_told);
            Ok(Decision::End(QuitReason::Quit(reason)))
        }
        Command::Login {
            nick,
            key,
            enter_default_room,
            does_resume,
            since,
            introduction,
        } => {
            let login = account::Login {
                nick,
                key,
                enter_default_room,
                does_resume,
                since,
                introduction,
            };
            account::log_in(facts, session, login)
        }
        Command::LogInAs { claim, entry } => account::log_in_as(state, session, claim, entry),
        Command::LogInByCertificate { name, entry } => {
            account::log_in_by_certificate(state, session, name, entry)
        }
        Command::Authenticate { claim } => account::prove(state, session, claim),
        Command::BeginScram { name } => Ok(Decision::BeginScram(name)),
        Command::AuthenticateByCertificate { name } => {
            account::prove_by_certificate(state, session, name)
        }
        Command::Register {
            name,
            password,
            invitation,
            entry,
        } => {
            let registration = account::Registering {
                name,
                password,
                invitation,
                entry,
            };
            account::register(facts, session, registration)
        }
        // What only a user may.
        Command::ChangePassword { old, new } => {
            account::change_password(&asker()?, old, &new, facts.settings)
        }
        Command::Nick(nick) => account::rename(&asker()?, nick),
        Command::Away(text) => account::set_away(&asker()?, text),
        Command::Join { room, key } => membership::join(&asker()?, room, key.as_deref()),
        Command::Invite { room, nick } => membership::invite(&asker()?, room, nick),
        Command::Moderate(request) => {
            let asker = asker()?;
            asker.may_say_by(&request)?;
            let by = Moderator(Some(asker.id));
            moderation::decide(facts, by, request).map(Decision::Moderate)
        }
        Command::Part { room, reason } => membership::part(&asker()?, room, reason),
        Command::Send {
            to,
            kind,
            text,
            client_msgid,
            tags,
        } => {
            let speech = Speech {
                kind,
                text,
                client_msgid,
                tags,
            };
            message::send(&asker()?, to, speech)
        }
        Command::Tag { to, tags } => message::tag(&asker()?, to, tags),
        Command::Edit { message, text } => history::edit(&asker()?, message, text),
        Command::Delete {
            message,
            of,
            reason,
        } => history::delete(&asker()?, message, of, reason),
        Command::History { of, range, limit } => history::page(&asker()?, of, range, limit),
        Command::Playback {
            of,
            range,
            limit,
            with_asides,
        } => history::playback(&asker()?, of, range, limit, with_asides),
        Command::Conversations {
            after,
            before,
            limit,
        } => history::conversations(&asker()?, (after, before), limit),
        Command::ReadMark { of, upto } => history::read_mark(&asker()?, of, upto, facts.last_id),
        Command::Search { query, limit } => history::search(&asker()?, query, limit),
        Command::MarkRead { of, upto } => history::mark_read(&asker()?, of, upto, facts.last_id),
        Command::Unread => history::unread(&asker()?),
        Command::Persist(on) => asker().map(|_| Decision::Persist(on)),
        Command::Deaf(deaf) => message::set_deaf(&asker()?, deaf),
        Command::Ignore { nick, on } => message::ignore(&asker()?, nick, on),
        Command::Topic { room, text } => room::set_topic(&asker()?, room, text),
        Command::Ignores => Ok(query::ignores(&asker()?)),
        Command::Rooms => Ok(query::rooms(&asker()?)),
        Command::Users => Ok(query::users(&asker()?)),
        Command::Names(room) => query::names(&asker()?, room),
        Command::Whois(nick) => query::whois(&asker()?, nick),
        Command::Survey(survey) => query::survey(&asker()?, survey),
        Command::People(request) => people::decide(&asker()?, request),
    }
}

/// Whether a user who has just logged in comes into the default room, which is named.
pub(super) fn may_enter_default_room(
    facts: Facts<'_>,
    session: SessionId,
) -> Result<RoomName, Refusal> {
    let asker = Asker::find(facts, session)?;
    membership::may_enter(&asker, DEFAULT_ROOM, None)?;
    Ok(facts.settings.default_room.clone())
}

/// Who asks, and what they ask about.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    now: Now,
    state: &'a State,
    settings: &'a Settings,
    held: &'a Held,
    renamings: &'a Renamings,
    keeping: Keeping,
    session: SessionId,
    id: UserId,
    user: &'a User,
}

impl<'a> Asker<'a> {
    pub(super) fn find(facts: Facts<'a>, session: SessionId) -> Result<Self, Refusal> {
        let Facts {
            now,
            state,
            settings,
            held,
            renamings,
            keeping,
            ..
        } = facts;
        let found = state.session(session).and_then(|session| session.user);
        let id = found.ok_or(Refusal::NotLoggedIn)?;
        Ok(Self {
            now,
            state,
            settings,
            held,
            renamings,
            keeping,
            session,
            id,
            user: state.user(id),
        })
    }

    fn owner(&self) -> OwnerId {
        self.state.owner_of(self.id)
    }

    fn is_deaf(&self) -> bool {
        let session = self.state.session(self.session);
        session.is_some_and(|session| session.deaf)
    }

    /// A room by name that is open, and not secret to the user.
    fn room(&self, name: RoomName) -> Result<RoomId, Refusal> {
        let room = self.state.room_named(&name);
        let room = room.filter(|&room| self.state.may_know_of(self.id, room));
        room.ok_or(Refusal::NoSuchRoom(name))
    }

    /// A room by name that the user is in.
    fn own_room(&self, name: RoomName) -> Result<RoomId, Refusal> {
        match self.state.room_named(&name) {
            Some(room) if self.user.is_in(room) => Ok(room),
            Some(room) if self.state.may_know_of(self.id, room) => Err(Refusal::NotInRoom(name)),
            Some(_) | None => Err(Refusal::NoSuchRoom(name)),
        }
    }

    /// A user by nick.
    fn user_named(&self, nick: Nick) -> Result<UserId, Refusal> {
        let user = self.state.user_named(&nick);
        user.ok_or(Refusal::NoSuchUser(nick))
    }
}

/// A wait as clients are told it, rounded up, so that who waits for it is not too early.
fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
}
