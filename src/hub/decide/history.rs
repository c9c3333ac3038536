//! Asking for what was kept, and changing what one has said.

use std::sync::Arc;

use super::{Asker, Decision, Facts, text};
use crate::hub::ask::Purpose;
use crate::hub::history::{Keeping, PAGE_MAX, Partner, Query, Question, Range};
use crate::hub::id::MessageId;
use crate::hub::refusal::Refusal;
use crate::hub::settings::{OnFailure, Settings};

/// Who could come into a room at any time might have heard what was said there; privately, only the two did,
/// and the store goes by who they are and not by their nicks.
pub(super) fn page(
    asker: &Asker<'_>,
    of: Partner,
    range: Range,
    limit: usize,
) -> Result<Decision, Refusal> {
    asker.history()?;
    may_read(asker, Some(&of))?;
    let question = Question::Page {
        asker: asker.owner(),
        of: of.clone(),
        range,
        limit: limit.clamp(1, PAGE_MAX),
    };
    let purpose = Purpose::Page(of);
    Ok(Decision::Ask { question, purpose })
}

fn may_read(asker: &Asker<'_>, of: Option<&Partner>) -> Result<(), Refusal> {
    let Some(Partner::Room(name)) = of else {
        return Ok(());
    };
    match asker.state.room_named(name) {
        Some(room) if !asker.state.may_read(asker.id, room) => {
            asker.own_room(name.clone()).map(drop)
        }
        Some(_) | None => Ok(()),
    }
}

pub(super) fn search(asker: &Asker<'_>, query: Query, limit: usize) -> Result<Decision, Refusal> {
    asker.history()?;
    let bytes_max = asker.settings.message_bytes;
    let bytes = query.words.len();
    if bytes > bytes_max {
        return Err(Refusal::TextTooLong {
            bytes,
            max: bytes_max,
        });
    }
    may_read(asker, query.of.as_ref())?;
    let hidden = match &query.of {
        None => asker.state.unreadable_to(asker.id),
        Some(_) => Vec::new(),
    };
    let purpose = Purpose::Search(query.of.clone());
    let question = Question::Search {
        asker: asker.owner(),
        query,
        hidden,
        limit: limit.clamp(1, PAGE_MAX),
    };
    Ok(Decision::Ask { question, purpose })
}

pub(super) fn unread(asker: &Asker<'_>) -> Result<Decision, Refusal> {
    asker.history()?;
    let places = asker.user.places.iter();
    let rooms = places.map(|place| asker.state.room(place.room).name.clone());
    let question = Question::Unread {
        asker: asker.owner(),
        ignored: asker.state.ignored_by(asker.id),
        rooms: rooms.collect(),
    };
    let purpose = Purpose::Unread;
    Ok(Decision::Ask { question, purpose })
}

pub(super) fn mark_read(
    asker: &Asker<'_>,
    of: Partner,
    upto: MessageId,
    last: MessageId,
) -> Result<Decision, Refusal> {
    asker.may_be_kept()?;
    if let Partner::Room(room) = &of {
        asker.own_room(room.clone())?;
    }
    // A mark in the future would hide what is yet to be said.
    if upto > last {
        return Err(Refusal::NoSuchMessage);
    }
    Ok(Decision::MarkRead { of, upto })
}

/// Whose message it is, and where it was said, is for the store to tell first.
pub(super) fn edit(
    asker: &Asker<'_>,
    message: MessageId,
    text: Arc<str>,
) -> Result<Decision, Refusal> {
    text::message(&text, asker.settings.message_bytes)?;
    change(asker, message, Purpose::Edit(text))
}

pub(super) fn delete(asker: &Asker<'_>, message: MessageId) -> Result<Decision, Refusal> {
    change(asker, message, Purpose::Delete)
}

fn change(asker: &Asker<'_>, message: MessageId, purpose: Purpose) -> Result<Decision, Refusal> {
    asker.may_be_kept()?;
    let question = Question::Message { id: message };
    Ok(Decision::Ask { question, purpose })
}

impl Facts<'_> {
    /// As [`Asker::may_be_heard`], for those who are no users.
    pub(super) fn may_be_heard(self) -> Result<(), Refusal> {
        may_be_heard(self.keeping, self.settings)
    }
}

fn may_be_heard(keeping: Keeping, settings: &Settings) -> Result<(), Refusal> {
    match (keeping, settings.on_failure) {
        (Keeping::Fails(why), OnFailure::Refuse) => Err(Refusal::NotKept(why)),
        (Keeping::Off | Keeping::Works, _) | (Keeping::Fails(_), OnFailure::Continue) => Ok(()),
    }
}

impl Asker<'_> {
    /// Whether there is a history to ask.
    fn history(&self) -> Result<(), Refusal> {
        match self.keeping {
            Keeping::Off => Err(Refusal::HistoryOff),
            Keeping::Works | Keeping::Fails(_) => Ok(()),
        }
    }

    /// Whether what ought to be kept may be said now, kept or not.
    pub(super) fn may_be_heard(&self) -> Result<(), Refusal> {
        may_be_heard(self.keeping, self.settings)
    }

    /// Whether a change of what was kept could be kept.
    fn may_be_kept(&self) -> Result<(), Refusal> {
        match self.keeping {
            Keeping::Off => Err(Refusal::HistoryOff),
            Keeping::Works => Ok(()),
            Keeping::Fails(why) => Err(Refusal::NotKept(why)),
        }
    }
}
