//! Long lists as several objects, and lists that are too long cut short.

use super::write;
use crate::daemon::protocol::chat::escape::json_bytes;
use crate::hub::name::Nick;
use crate::hub::output::RoomSummary;
use crate::wire::chat::{Re, Room, ServerMessage};

/// Longest list in one object, in bytes; what is longer comes in several.
const LIST_BYTES_MAX: usize = 16 * 1024;

pub(super) fn write_rooms(
    re: &Re<&str>,
    rooms: &[RoomSummary],
    bytes_max: usize,
    out: &mut Vec<u8>,
) {
    let bytes = |summary: &RoomSummary| {
        let topic = summary.topic.as_deref().unwrap_or_default();
        json_bytes(summary.room.as_str()) + json_bytes(topic) + ROOM_FIELDS_BYTES
    };
    for_each_part(rooms, bytes, bytes_max, |entries, part| {
        let rooms = entries.iter().map(|summary| Room {
            room: summary.room.as_str(),
            members: summary.members,
            topic: summary.topic.as_deref(),
        });
        let object = ServerMessage::Rooms {
            re: re.clone(),
            rooms: rooms.collect(),
            more: part.more,
            left_off: part.left_off,
        };
        write(&object, out);
    });
}

/// `{"room":"","members":N,"topic":""},` with a number of 20 digits.
const ROOM_FIELDS_BYTES: usize = 56;

pub(super) fn write_nicks<'a>(
    nicks: &'a [Nick],
    bytes_max: usize,
    out: &mut Vec<u8>,
    object: impl Fn(Vec<&'a str>, Part) -> ServerMessage<&'a str>,
) {
    let bytes = |nick: &Nick| json_bytes(nick.as_str()) + "\"\",".len();
    for_each_part(nicks, bytes, bytes_max, |entries, part| {
        let nicks = entries.iter().map(Nick::as_str);
        write(&object(nicks.collect(), part), out);
    });
}

/// What follows one part of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) more: bool,
    /// Entries that no part has; only the last one says so.
    pub(super) left_off: usize,
}

/// Cuts a list into parts of at most [`LIST_BYTES_MAX`], and ends it early rather than have more
/// than `bytes_max` in all. An empty list is one empty part.
pub(super) fn for_each_part<'a, T>(
    list: &'a [T],
    bytes: impl Fn(&T) -> usize,
    bytes_max: usize,
    mut each: impl FnMut(&'a [T], Part),
) {
    let (mut rest, left_off) = list.split_at(fitting(list, &bytes, bytes_max));
    loop {
        let (part, after) = rest.split_at(fitting(rest, &bytes, LIST_BYTES_MAX));
        let more = !after.is_empty();
        let left_off = if more { 0 } else { left_off.len() };
        each(part, Part { more, left_off });
        if !more {
            return;
        }
        rest = after;
    }
}

/// How many entries from the first on have at most `bytes_max` together; the first always fits.
fn fitting<T>(list: &[T], bytes: impl Fn(&T) -> usize, bytes_max: usize) -> usize {
    let mut used = 0;
    let fitting = list
        .iter()
        .take_while(|entry| {
            used += bytes(entry);
            used <= bytes_max
        })
        .count();
    fitting.max(1).min(list.len())
}
