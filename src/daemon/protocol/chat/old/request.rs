//! Requests of the old dialect: objects to commands. Old clients give no ids, know one room, and
//! never say good-bye.

use super::{LOGIN, render_help, render_nobody_is_called, render_refused_login};
use crate::daemon::protocol::chat::complaint::Complaint;
use crate::daemon::protocol::{Facts, Incoming};
use crate::hub::command::{Command, MessageKind, Target};
use crate::hub::id::RequestId;
use crate::hub::name::Nick;
use crate::hub::refusal::Refusal;
use crate::wire::fields::{Field, Fields, RequestError};

/// Takes one object, also the first.
pub(in crate::daemon::protocol::chat) fn read(
    mut fields: Fields<'_>,
    facts: &Facts,
    incoming: &mut Vec<Incoming>,
) {
    incoming.push(match incoming_of(&mut fields, facts) {
        Ok(incoming) => incoming,
        Err(error) => Complaint::from(error).to_old(facts),
    });
}

fn incoming_of(fields: &mut Fields<'_>, facts: &Facts) -> Result<Incoming, RequestError> {
    let kind = fields.text(Field::Type)?;
    Ok(match kind.as_ref() {
        "login" => match Nick::parse(&fields.text(Field::Msg)?) {
            Ok(nick) => Incoming::Command {
                request: RequestId::new(LOGIN),
                command: Command::Login {
                    nick,
                    key: None,
                    enter_default_room: true,
                    does_resume: false,
                    since: None,
                    introduction: None,
                },
            },
            Err(error) => Incoming::Fault(render_refused_login(&Refusal::BadNick(error))),
        },
        "broadcast" => command(Command::Send {
            to: Target::Room(facts.settings.default_room.clone()),
            kind: MessageKind::Text,
            text: fields.text(Field::Msg)?.into(),
            client_msgid: None,
            tags: None,
        }),
        "sendto" => {
            let text = fields.text(Field::Msg)?.into();
            let whom = fields.text(Field::Nickname)?;
            match Nick::parse(&whom) {
                Ok(nick) => command(Command::Send {
                    to: Target::User(nick),
                    kind: MessageKind::Text,
                    text,
                    client_msgid: None,
                    tags: None,
                }),
                Err(_) => Incoming::Fault(render_nobody_is_called(&whom, facts)),
            }
        }
        "ls" => command(Command::Users),
        "help" => Incoming::Answer(render_help()),
        "ignore" => command(Command::Deaf(None)),
        unknown => return Err(RequestError::unknown_type(unknown)),
    })
}

fn command(command: Command) -> Incoming {
    Incoming::Command {
        request: None,
        command,
    }
}
