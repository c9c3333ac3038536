//! Who one is: login, nick, away.

use std::sync::Arc;

use super::{Asker, Decision, text};
use crate::hub::id::{MessageId, SessionId, UserKey};
use crate::hub::name::Nick;
use crate::hub::output::Reply;
use crate::hub::refusal::Refusal;
use crate::hub::state::State;

/// What a login brings with it.
pub(super) struct Login {
    pub(super) nick: Nick,
    pub(super) key: Option<UserKey>,
    pub(super) enter_default_room: bool,
    pub(super) does_resume: bool,
    pub(super) since: Option<MessageId>,
}

/// A nick that is free makes a new user, who is the person whose key came with it.
pub(super) fn log_in(state: &State, session: SessionId, login: Login) -> Result<Decision, Refusal> {
    if state.session(session).is_some_and(|it| it.user.is_some()) {
        return Err(Refusal::AlreadyLoggedIn);
    }
    let Login {
        nick,
        key,
        enter_default_room,
        does_resume,
        since,
    } = login;
    let Some(user) = state.user_named(&nick) else {
        return Ok(Decision::LogIn {
            nick,
            key,
            enter_default_room,
            does_resume,
        });
    };
    match key {
        None => Err(Refusal::NickInUse(nick)),
        Some(key) if key != state.key_of(user) => Err(Refusal::WrongKey(nick)),
        Some(_) => Ok(Decision::Attach {
            user,
            does_resume,
            since,
        }),
    }
}

/// Another spelling of one's own nick is a change; the same spelling is none.
pub(super) fn rename(asker: &Asker<'_>, nick: Nick) -> Result<Decision, Refusal> {
    if nick.as_str() == asker.user.nick.as_str() {
        return Ok(Decision::Answer(Reply::Done));
    }
    match asker.state.user_named(&nick) {
        Some(holder) if holder != asker.id => Err(Refusal::NickInUse(nick)),
        Some(_) | None => Ok(Decision::Rename(nick)),
    }
}

/// An empty text is none. Nobody is told what they know.
pub(super) fn set_away(asker: &Asker<'_>, away: Option<Arc<str>>) -> Result<Decision, Refusal> {
    text::optional_line(away.as_deref(), asker.settings.topic_bytes)?;
    let away = away.filter(|text| !text.is_empty());
    if away.as_ref() == asker.user.away() {
        return Ok(Decision::Answer(Reply::Done));
    }
    Ok(Decision::SetAway(away))
}
