//! A message as a line of an export, and back. What comes back is held to the same rules as what is said,
//! so that nothing gets in by an import that no protocol could show.

use crate::daemon::clock::{parse_rfc3339, rfc3339};
use crate::hub::command::{MessageKind, Tags};
use crate::hub::history::{Author, OwnerId, Place, Stored};
use crate::hub::id::MessageId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::time::UnixMillis;
use crate::store::Imported;
use crate::wire::admin::history::Line;

/// Longest text, in bytes: the largest `limits.message_bytes` that may be configured.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The line of a message.
pub(super) fn line(message: &Stored) -> Line {
    let (room, to, unheard) = match &message.place {
        Place::Room(room) => (Some(room.to_string()), None, false),
        Place::User { to, is_unheard } => (None, Some(to), *is_unheard),
    };
    Line {
        msgid: message.id.to_string(),
        time: rfc3339(message.at),
        room,
        from: message.from.nick.to_string(),
        from_owner: written(message.from.owner),
        to: to.map(|to| to.nick.to_string()),
        to_owner: to.map(|to| written(to.owner)),
        unheard,
        kind: kind_name(message.kind).to_owned(),
        text: message.text.as_deref().map(str::to_owned),
        changed_at: message.changed_at.map(rfc3339),
        tags: message.tags.as_ref().map(|tags| tags.as_str().to_owned()),
    }
}

/// The message of a line, or what is wrong with it.
pub(super) fn message(line: &[u8]) -> Result<Imported, String> {
    let line: Line = serde_json::from_slice(line)
        // The line's own number is told beside it.
        .map_err(|error| error.to_string().replace("at line 1 column", "at column"))?;
    let id = MessageId::parse(&line.msgid).ok_or("msgid is none")?;
    Ok(Imported {
        id,
        at: time("time", &line.time)?,
        place: place(&line)?,
        from: author("from", &line.from, &line.from_owner)?,
        kind: kind(&line.kind)?,
        text: match line.text.as_deref() {
            None => None,
            Some(text) => Some(checked(text)?.into()),
        },
        changed_at: match line.changed_at.as_deref() {
            None => None,
            Some(text) => Some(time("changed_at", text)?),
        },
        tags: match line.tags.as_deref() {
            None => None,
            Some(text) => Some(Tags::new(text).ok_or("tags are none")?),
        },
        aside: None,
    })
}

fn place(line: &Line) -> Result<Place, String> {
    match (&line.room, &line.to, &line.to_owner) {
        (Some(room), None, None) => match RoomName::parse(room) {
            Ok(room) => Ok(Place::Room(room)),
            Err(_) => Err("room is no room's name".to_owned()),
        },
        (None, Some(nick), Some(owner)) => Ok(Place::User {
            to: author("to", nick, owner)?,
            is_unheard: line.unheard,
        }),
        (None, None, None) => Err("it has neither room nor to".to_owned()),
        (None, _, _) => Err("to and to_owner belong together".to_owned()),
        (Some(_), _, _) => Err("it has a room, and to or to_owner too".to_owned()),
    }
}

fn author(what: &str, nick: &str, owner: &str) -> Result<Author, String> {
    let nick = Nick::parse(nick).map_err(|_| format!("{what} is no nick"))?;
    let is_hex = owner.len() == 16 && owner.bytes().all(|byte| byte.is_ascii_hexdigit());
    let owner = u64::from_str_radix(owner, 16)
        .ok()
        .filter(|_| is_hex)
        .ok_or_else(|| format!("{what}_owner must have 16 hexadecimal digits"))?;
    Ok(Author {
        owner: OwnerId(owner),
        nick,
    })
}

fn time(what: &str, text: &str) -> Result<UnixMillis, String> {
    parse_rfc3339(text).ok_or_else(|| format!("{what} is no RFC 3339 time"))
}

fn checked(text: &str) -> Result<&str, String> {
    if text.is_empty() {
        return Err("text is empty".to_owned());
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("text has more than {TEXT_BYTES_MAX} bytes"));
    }
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err("text has control characters".to_owned());
    }
    Ok(text)
}

fn written(owner: OwnerId) -> String {
    format!("{:016x}", owner.0)
}

fn kind_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "text",
        MessageKind::Action => "action",
        MessageKind::Notice => "notice",
    }
}

fn kind(name: &str) -> Result<MessageKind, String> {
    match name {
        "text" => Ok(MessageKind::Text),
        "action" => Ok(MessageKind::Action),
        "notice" => Ok(MessageKind::Notice),
        _ => Err("kind must be text, action or notice".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(nick: &str, owner: u64) -> Author {
        Author {
            owner: OwnerId(owner),
            nick: Nick::parse(nick).unwrap(),
        }
    }

    fn said(place: Place) -> Stored {
        Stored {
            id: MessageId::first_at(1_790_000_000_123),
            at: UnixMillis(1_790_000_000_123),
            place,
            from: author("Ana", 7),
            kind: MessageKind::Action,
            text: Some("two\nlines".into()),
            changed_at: Some(UnixMillis(1_790_000_001_000)),
            tags: Tags::new("+reply=x;+n"),
            aside: None,
        }
    }

    #[test]
    fn what_was_written_reads_back_as_the_same() {
        let private = Place::User {
            to: author("ben", u64::MAX),
            is_unheard: true,
        };
        let deleted = Stored {
            text: None,
            ..said(Place::Room(RoomName::lobby()))
        };
        for stored in [said(Place::Room(RoomName::lobby())), said(private), deleted] {
            let written = serde_json::to_string(&line(&stored)).unwrap();
            assert_eq!(message(written.as_bytes()), Ok(stored), "{written}");
        }
    }

    #[test]
    fn a_line_that_makes_no_message_says_why() {
        let good = serde_json::to_value(line(&said(Place::Room(RoomName::lobby())))).unwrap();
        for (field, value, why) in [
            ("msgid", "x", "msgid"),
            ("time", "noon", "time"),
            ("room", "lobby", "room"),
            ("from", "", "from"),
            ("from_owner", "+00000000000000f", "16 hexadecimal"),
            ("kind", "shout", "kind"),
            ("text", "", "empty"),
            ("text", "\u{1b}[2J", "control"),
            ("to", "ben", "a room, and to"),
        ] {
            let mut bad = good.clone();
            bad[field] = value.into();
            let error = message(bad.to_string().as_bytes()).unwrap_err();
            assert!(error.contains(why), "{field}: {error}");
        }
        assert!(message(b"{\"msgid\":").is_err());
    }
}
