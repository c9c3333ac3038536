//! What an event is about: its id, and the conversation that it belongs to, which is a room or the
//! private one with a user. A kept message is the event that it was. Pure.

use crate::wire::chat::{Kept, ServerMessage};

/// The id of an event; answers have none of their own.
#[must_use]
pub fn msgid(message: &ServerMessage) -> Option<&str> {
    match message {
        ServerMessage::Message { msgid, .. }
        | ServerMessage::Private { msgid, .. }
        | ServerMessage::Edited { msgid, .. }
        | ServerMessage::Deleted { msgid, .. }
        | ServerMessage::Reaction { msgid, .. }
        | ServerMessage::Read { msgid, .. }
        | ServerMessage::Join { msgid, .. }
        | ServerMessage::Part { msgid, .. }
        | ServerMessage::Quit { msgid, .. }
        | ServerMessage::Nick { msgid, .. }
        | ServerMessage::Topic { msgid, .. }
        | ServerMessage::Away { msgid, .. }
        | ServerMessage::Kicked { msgid, .. }
        | ServerMessage::Role { msgid, .. }
        | ServerMessage::RoomSet { msgid, .. }
        | ServerMessage::RoomRenamed { msgid, .. }
        | ServerMessage::RuleAdded { msgid, .. }
        | ServerMessage::RuleEnded { msgid, .. }
        | ServerMessage::Invited { msgid, .. }
        | ServerMessage::Notice { msgid, .. } => Some(msgid),
        _ => None,
    }
}

/// The conversation of an event, `#room` or `@nick` as the protocol names it; `own` is our nick.
#[must_use]
pub fn conversation(message: &ServerMessage, own: &str) -> Option<String> {
    match message {
        ServerMessage::Message { room, .. }
        | ServerMessage::Join { room, .. }
        | ServerMessage::Part { room, .. }
        | ServerMessage::Kicked { room, .. }
        | ServerMessage::Role { room, .. }
        | ServerMessage::RoomSet { room, .. }
        | ServerMessage::Topic { room, .. } => Some(room.clone()),
        ServerMessage::RoomRenamed { to, .. } => Some(to.clone()),
        ServerMessage::Notice { room, .. } => room.clone(),
        ServerMessage::Private { from, to, .. } => Some(with(from, to, own)),
        ServerMessage::Edited { room, from, to, .. }
        | ServerMessage::Reaction { room, from, to, .. }
        | ServerMessage::Deleted { room, from, to, .. } => place(room, from, to, own),
        _ => None,
    }
}

/// The conversation of a kept message.
#[must_use]
pub fn conversation_of(kept: &Kept, own: &str) -> Option<String> {
    place(&kept.room, &kept.from, &kept.to, own)
}

/// The event by which a kept message was heard, or would have been.
#[must_use]
pub fn of_kept(kept: &Kept, text: String) -> ServerMessage {
    let (msgid, time, from) = (kept.msgid.clone(), kept.time.clone(), kept.from.clone());
    let kind = kept.kind;
    match &kept.to {
        Some(to) => ServerMessage::Private {
            msgid,
            time,
            from,
            to: to.clone(),
            kind,
            text,
        },
        None => ServerMessage::Message {
            msgid,
            time,
            room: kept.room.clone().unwrap_or_default(),
            from,
            kind,
            text,
        },
    }
}

/// The event by which a kept message became what it is, if it was changed since it was said.
#[must_use]
pub fn change_of(kept: &Kept) -> Option<ServerMessage> {
    let (room, from, to) = (kept.room.clone(), kept.from.clone(), kept.to.clone());
    if let Some(time) = &kept.deleted {
        return Some(ServerMessage::Deleted {
            msgid: String::new(),
            time: time.clone(),
            deletes: kept.msgid.clone(),
            room,
            from,
            to,
            reason: None,
        });
    }
    Some(ServerMessage::Edited {
        msgid: String::new(),
        time: kept.edited.clone()?,
        edits: kept.msgid.clone(),
        room,
        from,
        to,
        text: kept.text.clone()?,
    })
}

fn place(room: &Option<String>, from: &str, to: &Option<String>, own: &str) -> Option<String> {
    let private = || to.as_deref().map(|to| with(from, to, own));
    room.clone().or_else(private)
}

/// Nicks are the same whatever the case of their letters.
fn with(from: &str, to: &str, own: &str) -> String {
    let other = if from == own { to } else { from };
    format!("@{}", other.to_lowercase())
}
