//! Asking for what was kept, and changing what one has said.

use std::sync::Arc;

use super::{Asker, Decision, Facts, text};
use crate::hub::ask::Purpose;
use crate::hub::command::PLAYBACK_MAX;
use crate::hub::history::{Keeping, PAGE_MAX, Partner, Query, Question, Range};
use crate::hub::id::MessageId;
use crate::hub::name::RoomName;
use crate::hub::refusal::Refusal;
use crate::hub::settings::{OnFailure, Settings};
use crate::hub::time::UnixMillis;

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
        with_asides: false,
    };
    let purpose = Purpose::Page(of);
    Ok(Decision::Ask { question, purpose })
}

/// As [`page`], for those who are there.
pub(super) fn playback(
    asker: &Asker<'_>,
    of: Partner,
    range: Range,
    limit: usize,
    with_asides: bool,
) -> Result<Decision, Refusal> {
    if let Partner::Room(room) = &of {
        asker.own_room(room.clone())?;
    }
    asker.history()?;
    let question = Question::Page {
        asker: asker.owner(),
        of: of.clone(),
        range,
        limit: limit.clamp(1, PLAYBACK_MAX),
        with_asides,
    };
    let purpose = Purpose::Playback(of);
    Ok(Decision::Ask { question, purpose })
}

pub(super) fn conversations(
    asker: &Asker<'_>,
    (after, before): (MessageId, MessageId),
    limit: usize,
) -> Result<Decision, Refusal> {
    asker.history()?;
    let question = Question::Conversations {
        asker: asker.owner(),
        rooms: own_rooms(asker),
        after,
        before,
        limit: limit.clamp(1, PAGE_MAX),
    };
    let purpose = Purpose::Conversations;
    Ok(Decision::Ask { question, purpose })
}

/// What the mark is, is for the store to tell first. One in the future would hide what is yet to be said.
pub(super) fn read_mark(
    asker: &Asker<'_>,
    of: Partner,
    upto: Option<UnixMillis>,
    last: MessageId,
) -> Result<Decision, Refusal> {
    if upto.is_some() {
        asker.may_be_kept()?;
        if let Partner::Room(room) = &of {
            asker.own_room(room.clone())?;
        }
    }
    must_mean_its_room(asker, &of)?;
    asker.history()?;
    let end_of = |at: UnixMillis| MessageId(MessageId::first_at(at.0 + 1).0 - 1);
    let question = Question::Mark {
        asker: asker.owner(),
        of: of.clone(),
    };
    let now = asker.now.unix;
    let most = last.max(MessageId::first_at(now.0));
    let wanted = upto.map(|at| end_of(at.min(now)).min(most));
    let purpose = Purpose::Mark { of, wanted };
    Ok(Decision::Ask { question, purpose })
}

fn own_rooms(asker: &Asker<'_>) -> Vec<RoomName> {
    let places = asker.user.places.iter();
    places
        .map(|place| asker.state.room(place.room).name.clone())
        .collect()
}

/// Under a name that a room had, or is about to have, the store would find what was said in that one.
fn must_mean_its_room(asker: &Asker<'_>, of: &Partner) -> Result<(), Refusal> {
    match of {
        Partner::Room(name) if asker.renamings.mislead(name) => {
            Err(Refusal::NoSuchRoom(name.clone()))
        }
        Partner::Room(_) | Partner::User(_) => Ok(()),
    }
}

fn may_read(asker: &Asker<'_>, of: Option<&Partner>) -> Result<(), Refusal> {
    let Some(of) = of else {
        return Ok(());
    };
    must_mean_its_room(asker, of)?;
    let Partner::Room(name) = of else {
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
    let question = Question::Unread {
        asker: asker.owner(),
        ignored: asker.state.ignored_by(asker.id),
        rooms: own_rooms(asker),
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

pub(super) fn delete(
    asker: &Asker<'_>,
    message: MessageId,
    of: Option<Partner>,
    reason: Option<Arc<str>>,
) -> Result<Decision, Refusal> {
    text::optional_line(reason.as_deref(), asker.settings.topic_bytes)?;
    if let Some(Partner::Room(room)) = &of {
        asker.own_room(room.clone())?;
    }
    if let Some(reason) = &reason {
        asker.may_say(reason)?;
    }
    change(asker, message, Purpose::Delete { of, reason })
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
