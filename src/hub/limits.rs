//! How much one person may do of what disturbs others, beside how fast their sessions may send at all
//! (`flood.rs`): coming into rooms, changing nicks, much text, and words to people who do not know them. Counted
//! by person, so that more sessions or another nick do not help.

use super::command::{Command, Target};
use super::history::OwnerId;
use super::id::UserId;
use super::pace::Pace;
use super::people::{self, metadata};
use super::refusal::Refusal;
use super::settings::Settings;
use super::state::State;
use super::turn::{Asked, Turn};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Rooms joined, or tried to join.
    Joins,
    NickChanges,
    /// Bytes of the texts that are said, edited and set, and of the tags beside them.
    Text,
    /// Private messages to users with whom there is no common room, and invitations of them.
    Strangers,
    /// Logins of everybody together.
    Logins,
}

impl Limit {
    /// The stable code of its refusal; never changes its meaning.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Joins => "joins_limited",
            Self::NickChanges => "nick_changes_limited",
            Self::Text => "text_limited",
            Self::Strangers => "strangers_limited",
            Self::Logins => "logins_limited",
        }
    }
}

/// What was done lately, by whom; by nobody where it is everybody together.
pub(super) type Lately = Pace<(Option<OwnerId>, Limit)>;

impl Turn<'_> {
    /// Whether a command keeps within the limits of who sends it; then it is counted.
    pub(super) fn keep_within_limits(
        &mut self,
        asked: &Asked,
        command: &Command,
    ) -> Result<(), Refusal> {
        let state = &self.hub.state;
        if lifts_limits(&self.hub.settings) {
            return Ok(());
        }
        let session = state.session(asked.session);
        let Some(user) = session.and_then(|session| session.user) else {
            if is_login(command) {
                return self.take(None, Limit::Logins, 1);
            }
            return Ok(()); // is refused for that
        };
        if state.is_server_operator(user) {
            return Ok(());
        }
        let person = Some(state.owner_of(user));
        let text = text_bytes(command);
        let is_to_stranger = is_to_stranger(state, user, command);
        if matches!(command, Command::Join { .. }) {
            self.take(person, Limit::Joins, 1)?;
        }
        if matches!(command, Command::Nick(_)) {
            self.take(person, Limit::NickChanges, 1)?;
        }
        if is_to_stranger {
            self.take(person, Limit::Strangers, 1)?;
        }
        if text > 0 {
            self.take(person, Limit::Text, text)?;
        }
        Ok(())
    }

    fn take(&mut self, by: Option<OwnerId>, limit: Limit, amount: usize) -> Result<(), Refusal> {
        let settings = &self.hub.settings;
        let per_minute = match limit {
            Limit::Joins => settings.joins_per_minute,
            Limit::NickChanges => settings.nick_changes_per_minute,
            Limit::Text => u32::try_from(settings.text_per_minute).unwrap_or(u32::MAX),
            Limit::Strangers => settings.strangers_per_minute,
            Limit::Logins => settings.logins_per_minute,
        };
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        let now_us = self.now_us();
        let taken = self
            .hub
            .lately
            .take((by, limit), now_us, amount, per_minute);
        taken.map_err(|wait_us| Refusal::Limited {
            limit,
            retry_after_ms: wait_us.div_ceil(1000),
        })
    }
}

/// Who has no flood control has none of these either: a test, or a load tool.
fn lifts_limits(settings: &Settings) -> bool {
    settings.rate <= 0.0
}

fn is_login(command: &Command) -> bool {
    matches!(
        command,
        Command::Login { .. } | Command::LogInAs { .. } | Command::LogInByCertificate { .. }
    )
}

fn text_bytes(command: &Command) -> usize {
    if let Command::Send { text, tags, .. } = command {
        text.len() + tags.as_ref().map_or(0, |tags| tags.as_str().len())
    } else if let Command::Edit { text, .. } | Command::Topic { text, .. } = command {
        text.len()
    } else if let Command::Tag { tags, .. } = command {
        tags.as_str().len()
    } else if let Command::People(
        people::Request::SetRealName(text)
        | people::Request::Wallops(text)
        | people::Request::Metadata(metadata::Request::Set {
            value: Some(text), ..
        }),
    ) = command
    {
        text.len()
    } else {
        0
    }
}

fn is_to_stranger(state: &State, user: UserId, command: &Command) -> bool {
    let (Command::Send {
        to: Target::User(nick),
        ..
    }
    | Command::Tag {
        to: Target::User(nick),
        ..
    }
    | Command::Invite { nick, .. }) = command
    else {
        return false;
    };
    let Some(other) = state.user_named(nick) else {
        return false; // is refused for that
    };
    let places = &state.user(user).places;
    let shares_room = places
        .iter()
        .any(|place| state.user(other).is_in(place.room));
    other != user && !shares_room
}
