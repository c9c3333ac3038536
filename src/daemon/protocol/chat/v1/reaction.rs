//! What is said by tags alone, as far as this dialect has a form for it: reactions.

use super::{room_or_nick, write};
use crate::daemon::protocol::stamp::Stamp;
use crate::hub::event::EventPlace;
use crate::hub::name::Nick;
use crate::hub::tags::unescape;
use crate::hub::tags::{REACT, REPLY, Tags, UNREACT};
use crate::wire::chat::ServerMessage;

/// Nothing where it is no reaction to a message.
pub(super) fn render(
    stamp: &Stamp,
    place: &EventPlace,
    from: &Nick,
    tags: &Tags,
    out: &mut Vec<u8>,
) {
    let message = REPLY.iter().find_map(|name| tags.value(name));
    let reaction = tags.value(REACT).map(|it| (it, false));
    let reaction = reaction.or_else(|| tags.value(UNREACT).map(|it| (it, true)));
    let (Some(message), Some((reaction, off))) = (message, reaction) else {
        return;
    };
    let (reacts, reaction) = (unescape(message), unescape(reaction));
    let (room, to) = room_or_nick(place);
    let object = ServerMessage::Reaction {
        msgid: stamp.msgid(),
        time: stamp.time(),
        reacts: &*reacts,
        reaction: &*reaction,
        off,
        room,
        from: from.as_str(),
        to,
    };
    write(&object, out);
}
