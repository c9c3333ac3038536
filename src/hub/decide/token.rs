//! What a session may that logged in with a restricted token. Everything that reads is refused to one that
//! only sends, and everything beyond its rooms to one that has rooms.

use crate::hub::account::Token;
use crate::hub::command::{Command, Target};
use crate::hub::history::Partner;
use crate::hub::name::RoomName;
use crate::hub::refusal::Refusal;

pub(super) fn may(token: &Token, command: &Command) -> Result<(), Refusal> {
    let is_for = |room: &RoomName| token.is_for(room);
    let is_everywhere = token.rooms.is_none();
    let reads = !token.send_only;
    let may = match command {
        Command::Ping
        | Command::Pong
        | Command::Quit { .. }
        // Refused to whoever is logged in, in words of their own.
        | Command::Login { .. }
        | Command::LogInAs { .. }
        | Command::LogInByCertificate { .. } => true,
        Command::Join { room, .. } | Command::Part { room, .. } => is_for(room),
        Command::Send { to, .. } | Command::Tag { to, .. } => match to {
            Target::Room(room) | Target::Status(room, _) => is_for(room),
            Target::User(_) => is_everywhere,
        },
        Command::History { of, .. } | Command::Playback { of, .. } => reads && is_of(token, of),
        Command::Search { query, .. } => {
            reads && query.of.as_ref().map_or(is_everywhere, |of| is_of(token, of))
        }
        Command::Names(room) => reads && is_for(room),
        Command::Topic { room, .. } => reads && is_for(room),
        // A message may be in another room or to a user, as only the store knows, and is perhaps the person's
        // own: whoever may not read it must not change it.
        Command::Edit { .. }
        | Command::Delete { .. }
        | Command::MarkRead { .. }
        | Command::ReadMark { .. }
        | Command::Conversations { .. }
        | Command::Unread
        | Command::Invite { .. }
        | Command::Moderate(_)
        | Command::Away(_)
        | Command::Deaf(_)
        | Command::Persist(_)
        | Command::Ignore { .. }
        | Command::Ignores
        | Command::Rooms
        | Command::Users
        | Command::Whois(_)
        | Command::Survey(_)
        | Command::People(_)
        | Command::Nick(_)
        | Command::Authenticate { .. }
        | Command::AuthenticateByCertificate { .. }
        | Command::BeginScram { .. }
        | Command::Register { .. }
        | Command::ChangePassword { .. } => false,
    };
    if may {
        Ok(())
    } else {
        Err(Refusal::TokenForbids)
    }
}

fn is_of(token: &Token, of: &Partner) -> bool {
    match of {
        Partner::Room(room) => token.is_for(room),
        Partner::User(_) => token.rooms.is_none(),
    }
}
