//! What was kept, as objects: pages, what a search found, what was missed. Long ones come in parts.

use super::list::{Part, for_each_part};
use super::{wire_kind, write};
use crate::daemon::protocol::chat::escape::json_bytes;
use crate::daemon::protocol::stamp::{Rfc3339, Stamp};
use crate::hub::history::{Page, Partner, Place, Stored, Unread};
use crate::wire::chat::{Kept, Re, ServerMessage, UnreadCount};

/// A page of one conversation.
pub(super) fn write_history(
    re: &Re<&str>,
    of: &Partner,
    page: &Page,
    bytes_max: usize,
    out: &mut Vec<u8>,
) {
    let of = &*of.to_string();
    write_parts(&page.messages, bytes_max, |messages, part| {
        let object = ServerMessage::History {
            re: re.clone(),
            of,
            messages,
            more: part.more,
            further: is_further(page, part),
        };
        write(&object, out);
    });
}

/// What a search found.
pub(super) fn write_found(re: &Re<&str>, page: &Page, bytes_max: usize, out: &mut Vec<u8>) {
    write_parts(&page.messages, bytes_max, |messages, part| {
        let object = ServerMessage::Found {
            re: re.clone(),
            messages,
            more: part.more,
            further: is_further(page, part),
        };
        write(&object, out);
    });
}

/// What was missed: first the messages, then the changes of older ones, which have a quarter of the
/// bytes. Only the last object is without `more`.
pub(super) fn write_missed(re: &Re<&str>, page: &Page, bytes_max: usize, out: &mut Vec<u8>) {
    let changed: Vec<Stored> = page.changes.iter().map(|it| it.message.clone()).collect();
    let mut further = false;
    write_parts(&page.messages, bytes_max / 4 * 3, |messages, part| {
        further |= is_further(page, part);
        let object = ServerMessage::Missed {
            re: re.clone(),
            messages,
            changes: Vec::new(),
            more: part.more || !changed.is_empty(),
            further: further && changed.is_empty(),
        };
        write(&object, out);
    });
    if changed.is_empty() {
        return;
    }
    write_parts(&changed, bytes_max / 4, |changes, part| {
        further |= part.left_off > 0;
        let object = ServerMessage::Missed {
            re: re.clone(),
            messages: Vec::new(),
            changes,
            more: part.more,
            further: further && !part.more,
        };
        write(&object, out);
    });
}

/// Whether the last object of a page has to say that there is more to ask for.
fn is_further(page: &Page, part: Part) -> bool {
    !part.more && (page.has_more || part.left_off > 0)
}

/// How much is unread.
pub(super) fn write_unread(re: &Re<&str>, list: &[Unread], bytes_max: usize, out: &mut Vec<u8>) {
    let bytes = |unread: &Unread| json_bytes(&unread.of.to_string()) + UNREAD_FIELDS_BYTES;
    for_each_part(list, bytes, bytes_max, |entries, part| {
        let lines: Vec<_> = entries
            .iter()
            .map(|it| (it.of.to_string(), it.read.map(|id| id.to_string())))
            .collect();
        let conversations = entries.iter().zip(&lines);
        let object = ServerMessage::Unread {
            re: re.clone(),
            conversations: conversations
                .map(|(unread, (of, read))| UnreadCount {
                    of: of.as_str(),
                    unread: unread.count,
                    read: read.as_deref(),
                })
                .collect(),
            more: part.more,
        };
        write(&object, out);
    });
}

/// What does not fit is left to the next question.
fn write_parts(list: &[Stored], bytes_max: usize, mut each: impl FnMut(Vec<Kept<&str>>, Part)) {
    for_each_part(list, message_bytes, bytes_max, |messages, part| {
        let lines: Vec<Lines> = messages.iter().map(Lines::of).collect();
        let kept = messages.iter().zip(&lines);
        each(
            kept.map(|(stored, lines)| lines.kept(stored)).collect(),
            part,
        );
    });
}

fn message_bytes(stored: &Stored) -> usize {
    json_bytes(stored.text.as_deref().unwrap_or_default()) + MESSAGE_FIELDS_BYTES
}

/// Everything around the text, with the longest names.
const MESSAGE_FIELDS_BYTES: usize = 600;

/// `{"of":"","unread":1000,"read":"0000000000000"},`
const UNREAD_FIELDS_BYTES: usize = 64;

/// The texts of one message that have to be made.
struct Lines {
    stamp: Stamp,
    changed: Option<Rfc3339>,
}

impl Lines {
    fn of(stored: &Stored) -> Self {
        Self {
            stamp: Stamp::new(stored.id, stored.at),
            changed: stored.changed_at.map(Rfc3339::new),
        }
    }

    fn kept<'a>(&'a self, stored: &'a Stored) -> Kept<&'a str> {
        let (room, to) = match &stored.place {
            Place::Room(room) => (Some(room.as_str()), None),
            Place::User { to, .. } => (None, Some(to.nick.as_str())),
        };
        let changed = self.changed.as_ref().map(Rfc3339::as_str);
        let is_deleted = stored.text.is_none();
        Kept {
            msgid: self.stamp.msgid(),
            time: self.stamp.time(),
            room,
            from: stored.from.nick.as_str(),
            to,
            kind: wire_kind(stored.kind),
            text: stored.text.as_deref(),
            edited: changed.filter(|_| !is_deleted),
            deleted: changed.filter(|_| is_deleted),
        }
    }
}
