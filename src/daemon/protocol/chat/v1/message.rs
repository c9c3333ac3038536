//! The two objects that are written thousands of times a second, a message in a room and the answer
//! to its sender. Written by hand, field by field, in less than half of the time that `serde_json` takes to
//! look at every byte of every name; a test holds them to what it writes.

use super::{wire_kind, write};
use crate::daemon::protocol::stamp::Stamp;
use crate::hub::command::MessageKind;
use crate::hub::id::RequestId;
use crate::wire::chat::{Re, ServerMessage};

/// What was said in a room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub room: &'a str,
    pub from: &'a str,
    pub kind: MessageKind,
    pub text: &'a str,
}

/// As [`write()`] writes a [`ServerMessage::Message`].
pub(super) fn write_message(stamp: &Stamp, message: &Message<'_>, out: &mut Vec<u8>) {
    let (msgid, time) = (stamp.msgid(), stamp.time());
    if message.kind != MessageKind::Text {
        let object = ServerMessage::Message {
            msgid,
            time,
            room: message.room,
            from: message.from,
            kind: wire_kind(message.kind),
            text: message.text,
        };
        return write(&object, out);
    }
    for piece in [
        r#"{"type":"message","msgid":""#,
        msgid,
        r#"","time":""#,
        time,
        r#"","room":"#,
    ] {
        out.extend_from_slice(piece.as_bytes());
    }
    write_string(message.room, out);
    out.extend_from_slice(br#","from":"#);
    write_string(message.from, out);
    out.extend_from_slice(br#","text":"#);
    write_string(message.text, out);
    out.extend_from_slice(b"}\n");
}

/// As [`write()`] writes a [`ServerMessage::Ack`].
pub(super) fn write_ack(stamp: &Stamp, request: Option<&RequestId>, kept: bool, out: &mut Vec<u8>) {
    let (msgid, time) = (stamp.msgid(), stamp.time());
    let Some(request) = request.filter(|_| kept) else {
        let id = request.map(RequestId::as_str);
        let re = Re { id };
        let ack = ServerMessage::Ack {
            re,
            msgid,
            time,
            kept,
        };
        return write(&ack, out);
    };
    out.extend_from_slice(br#"{"type":"ack","id":"#);
    write_string(request.as_str(), out);
    for piece in [r#","msgid":""#, msgid, r#"","time":""#, time, "\"}\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}

/// A JSON string. Most need no escape; to see that takes a few nanoseconds when all bytes are looked
/// at together, which is why there is no early end.
fn write_string(text: &str, out: &mut Vec<u8>) {
    let needs_escape = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    let is_plain = !text
        .bytes()
        .fold(false, |any, byte| any | needs_escape(byte));
    if is_plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        serde_json::to_writer(&mut *out, text).expect("plain data is written to memory");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hub::id::MessageId;
    use crate::hub::time::UnixMillis;

    fn kinds() -> impl Strategy<Value = MessageKind> {
        prop_oneof![
            Just(MessageKind::Text),
            Just(MessageKind::Action),
            Just(MessageKind::Notice)
        ]
    }

    proptest! {
        #[test]
        fn both_are_what_serde_json_writes(
            room in any::<String>(),
            from in "[a-z\"\\\\]{0,9}",
            text in any::<String>(),
            id in proptest::option::of("[ -~]{1,64}"),
            kept in any::<bool>(),
            kind in kinds(),
        ) {
            let stamp = Stamp::new(MessageId(1 << 60), UnixMillis(1_795_424_400_007));
            let (msgid, time) = (stamp.msgid(), stamp.time());
            let (room, from, text) = (&*room, &*from, &*text);
            let mut by_hand = Vec::new();
            write_message(&stamp, &Message { room, from, kind, text }, &mut by_hand);
            let id = id.as_deref().and_then(RequestId::new);
            write_ack(&stamp, id.as_ref(), kept, &mut by_hand);

            let mut by_serde = Vec::new();
            let kind = wire_kind(kind);
            write(&ServerMessage::Message { msgid, time, room, from, kind, text }, &mut by_serde);
            let re = Re { id: id.as_ref().map(RequestId::as_str) };
            write(&ServerMessage::Ack { re, msgid, time, kept }, &mut by_serde);
            prop_assert_eq!(String::from_utf8(by_hand), String::from_utf8(by_serde));
        }
    }
}
