//! A record as bytes: postcard's, whose form is fixed. Variants and fields are never changed or moved, only
//! added at the end of an enum: a log must be readable by every later chatd.

use serde::{Deserialize, Serialize};

use crate::hub::command::{MessageKind, Tags};
use crate::hub::history::{Author, ClientMsgId, OwnerId, Partner, Place, Record, RecordKind};
use crate::hub::id::MessageId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::time::UnixMillis;

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntryError {
    #[error("{0}")]
    Form(#[from] postcard::Error),
    #[error("it names somebody or something as nobody can be called")]
    Name,
}

/// Adds a record to `out`.
pub(super) fn write(record: &Record, out: Vec<u8>) -> Vec<u8> {
    postcard::to_extend(&Entry::of(record), out).expect("a vector takes everything")
}

/// Takes a record from the beginning of `bytes`; what follows it is returned too.
///
/// # Errors
/// [`EntryError`].
pub(super) fn read(bytes: &[u8]) -> Result<(Record, &[u8]), EntryError> {
    let (entry, rest) = postcard::take_from_bytes::<Entry<'_>>(bytes)?;
    Ok((entry.into_record()?, rest))
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    id: u64,
    /// Milliseconds since 1970.
    at: u64,
    #[serde(borrow)]
    kind: Kind<'a>,
}

#[derive(Serialize, Deserialize)]
enum Kind<'a> {
    Said {
        #[serde(borrow)]
        place: Where<'a>,
        from: Person<'a>,
        kind: Speech,
        text: &'a str,
        client_msgid: Option<&'a str>,
    },
    Edited {
        message: u64,
        text: &'a str,
    },
    Deleted {
        message: u64,
    },
    TopicSet {
        room: &'a str,
        topic: Option<&'a str>,
    },
    MarkSet {
        owner: u64,
        #[serde(borrow)]
        of: Other<'a>,
        upto: u64,
    },
    SaidWithTags {
        #[serde(borrow)]
        place: Where<'a>,
        from: Person<'a>,
        kind: Speech,
        text: &'a str,
        client_msgid: Option<&'a str>,
        tags: &'a str,
    },
    Tagged {
        #[serde(borrow)]
        place: Where<'a>,
        from: Person<'a>,
        tags: &'a str,
    },
    TopicSetBy {
        room: &'a str,
        topic: Option<&'a str>,
        by: Person<'a>,
    },
}

#[derive(Serialize, Deserialize)]
enum Where<'a> {
    Room(&'a str),
    User {
        #[serde(borrow)]
        to: Person<'a>,
        is_unheard: bool,
    },
}

#[derive(Serialize, Deserialize)]
struct Person<'a> {
    owner: u64,
    nick: &'a str,
}

#[derive(Serialize, Deserialize)]
enum Other<'a> {
    Room(&'a str),
    User(&'a str),
}

#[derive(Serialize, Deserialize)]
enum Speech {
    Text,
    Action,
    Notice,
}

impl<'a> Entry<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            id: record.id.0,
            at: record.at.0,
            kind: Kind::of(&record.kind),
        }
    }

    fn into_record(self) -> Result<Record, EntryError> {
        Ok(Record {
            id: MessageId(self.id),
            at: UnixMillis(self.at),
            kind: self.kind.into_record_kind()?,
        })
    }
}

impl<'a> Kind<'a> {
    fn of(kind: &'a RecordKind) -> Self {
        match kind {
            RecordKind::Said {
                place,
                from,
                kind,
                text,
                client_msgid,
                tags,
            } => {
                let (place, from) = (Where::of(place), Person::of(from));
                let kind = Speech::of(*kind);
                let client_msgid = client_msgid.as_ref().map(ClientMsgId::as_str);
                match tags {
                    None => Self::Said {
                        place,
                        from,
                        kind,
                        text,
                        client_msgid,
                    },
                    Some(tags) => Self::SaidWithTags {
                        place,
                        from,
                        kind,
                        text,
                        client_msgid,
                        tags: tags.as_str(),
                    },
                }
            }
            RecordKind::Tagged { place, from, tags } => Self::Tagged {
                place: Where::of(place),
                from: Person::of(from),
                tags: tags.as_str(),
            },
            RecordKind::Edited { message, text } => Self::Edited {
                message: message.0,
                text,
            },
            RecordKind::Deleted { message } => Self::Deleted { message: message.0 },
            RecordKind::TopicSet { room, topic, by } => {
                let (room, topic) = (room.as_str(), topic.as_deref());
                match by {
                    None => Self::TopicSet { room, topic },
                    Some(by) => Self::TopicSetBy {
                        room,
                        topic,
                        by: Person::of(by),
                    },
                }
            }
            RecordKind::MarkSet { owner, of, upto } => Self::MarkSet {
                owner: owner.0,
                of: match of {
                    Partner::Room(room) => Other::Room(room.as_str()),
                    Partner::User(nick) => Other::User(nick.as_str()),
                },
                upto: upto.0,
            },
        }
    }

    fn into_record_kind(self) -> Result<RecordKind, EntryError> {
        Ok(match self {
            Self::Said {
                place,
                from,
                kind,
                text,
                client_msgid,
            } => RecordKind::Said {
                place: place.into_place()?,
                from: from.into_author()?,
                kind: kind.into_kind(),
                text: text.into(),
                client_msgid: client_msgid.and_then(ClientMsgId::new),
                tags: None,
            },
            Self::SaidWithTags {
                place,
                from,
                kind,
                text,
                client_msgid,
                tags,
            } => RecordKind::Said {
                place: place.into_place()?,
                from: from.into_author()?,
                kind: kind.into_kind(),
                text: text.into(),
                client_msgid: client_msgid.and_then(ClientMsgId::new),
                tags: Tags::new(tags),
            },
            Self::Tagged { place, from, tags } => RecordKind::Tagged {
                place: place.into_place()?,
                from: from.into_author()?,
                tags: Tags::new(tags).ok_or(EntryError::Name)?,
            },
            Self::Edited { message, text } => RecordKind::Edited {
                message: MessageId(message),
                text: text.into(),
            },
            Self::Deleted { message } => RecordKind::Deleted {
                message: MessageId(message),
            },
            Self::TopicSet { room: name, topic } => RecordKind::TopicSet {
                room: room(name)?,
                topic: topic.map(Into::into),
                by: None,
            },
            Self::TopicSetBy {
                room: name,
                topic,
                by,
            } => RecordKind::TopicSet {
                room: room(name)?,
                topic: topic.map(Into::into),
                by: Some(by.into_author()?),
            },
            Self::MarkSet { owner, of, upto } => RecordKind::MarkSet {
                owner: OwnerId(owner),
                of: match of {
                    Other::Room(name) => Partner::Room(room(name)?),
                    Other::User(name) => Partner::User(nick(name)?),
                },
                upto: MessageId(upto),
            },
        })
    }
}

impl<'a> Where<'a> {
    fn of(place: &'a Place) -> Self {
        match place {
            Place::Room(room) => Self::Room(room.as_str()),
            Place::User { to, is_unheard } => Self::User {
                to: Person::of(to),
                is_unheard: *is_unheard,
            },
        }
    }

    fn into_place(self) -> Result<Place, EntryError> {
        Ok(match self {
            Self::Room(name) => Place::Room(room(name)?),
            Self::User { to, is_unheard } => Place::User {
                to: to.into_author()?,
                is_unheard,
            },
        })
    }
}

impl Speech {
    fn of(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Action => Self::Action,
            MessageKind::Notice => Self::Notice,
        }
    }

    fn into_kind(self) -> MessageKind {
        match self {
            Self::Text => MessageKind::Text,
            Self::Action => MessageKind::Action,
            Self::Notice => MessageKind::Notice,
        }
    }
}

impl<'a> Person<'a> {
    fn of(author: &'a Author) -> Self {
        Self {
            owner: author.owner.0,
            nick: author.nick.as_str(),
        }
    }

    fn into_author(self) -> Result<Author, EntryError> {
        Ok(Author {
            owner: OwnerId(self.owner),
            nick: nick(self.nick)?,
        })
    }
}

fn nick(name: &str) -> Result<Nick, EntryError> {
    Nick::parse(name).map_err(|_| EntryError::Name)
}

fn room(name: &str) -> Result<RoomName, EntryError> {
    RoomName::parse(name).map_err(|_| EntryError::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the first log had it.
    #[test]
    fn what_was_written_before_there_were_tags_is_read() {
        let bytes = b"\x01\x02\x00\x00\x02#a\x07\x03ana\x01\x02hi\x01\x02m1";
        let (record, rest) = read(bytes).unwrap();
        let kind = RecordKind::Said {
            place: Place::Room(room("#a").unwrap()),
            from: Author {
                owner: OwnerId(7),
                nick: nick("ana").unwrap(),
            },
            kind: MessageKind::Action,
            text: "hi".into(),
            client_msgid: ClientMsgId::new("m1"),
            tags: None,
        };
        let (id, at) = (MessageId(1), UnixMillis(2));
        assert_eq!((record, rest), (Record { id, at, kind }, &[][..]));
        let (topic, _) = read(b"\x01\x02\x03\x02#a\x01\x03tea").unwrap();
        let kind = RecordKind::TopicSet {
            room: room("#a").unwrap(),
            topic: Some("tea".into()),
            by: None,
        };
        assert_eq!(topic, Record { id, at, kind });
    }
}
