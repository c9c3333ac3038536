//! Requests of the protocol's own dialect: objects to commands. What the hub would refuse is the
//! hub's to refuse; here only what is no request at all, or names nothing, is turned away.

use std::borrow::Cow;

use super::ask::{
    Backlog, hub_kind, lower, message_id, own_id, page_limit, partner, range, target, upper,
    user_key,
};
use super::credentials::{self, secret};
use super::{order, write_welcome};
use crate::daemon::protocol::chat::complaint::Complaint;
use crate::daemon::protocol::{Dialect, Facts, Incoming};
use crate::hub::command::{Command, Entry};
use crate::hub::history::Query;
use crate::hub::id::RequestId;
use crate::hub::moderation::request::Moderation;
use crate::hub::name::{Nick, RoomName};
use crate::hub::output::Reply;
use crate::hub::refusal::Refusal;
use crate::wire::chat::{ClientBody, Credentials, VERSION, id_from_fields};
use crate::wire::fields::{Field, Fields, RequestError};
use crate::wire::hidden::Hidden;

/// A client that has said `hello`.
#[derive(Debug)]
pub(in crate::daemon::protocol::chat) struct Peer {
    /// Once the hub has accepted the login, `nick` means another nick.
    is_logged_in: bool,
    /// What `hello` said of the default room, for a login that comes later.
    enter_default_room: bool,
    /// As of the default room: whether the user keeps their place when the connection breaks.
    does_resume: bool,
}

impl Peer {
    /// Takes an object before the dialect is known. `None` when it is no `hello` that this server
    /// can accept: the client is told why and may try again.
    pub(in crate::daemon::protocol::chat) fn hello(
        mut fields: Fields<'_>,
        facts: &Facts,
        incoming: &mut Vec<Incoming>,
    ) -> Option<Self> {
        let is_hello = fields.kind() == Some("hello");
        let (request, body) = read(&mut fields);
        let hello = if is_hello {
            body.and_then(Hello::accept)
        } else {
            Err(Complaint::hello_expected())
        };
        let hello = match hello {
            Ok(hello) => hello,
            Err(complaint) => {
                incoming.push(complaint.to_v1(request.as_ref()));
                return None;
            }
        };
        let mut welcome = Vec::new();
        write_welcome(facts, &mut welcome);
        incoming.push(Incoming::Dialect(Dialect::ChatV1));
        incoming.push(Incoming::Answer(welcome));
        if !hello.wants_echo {
            incoming.push(Incoming::Echo { is_wanted: false });
        }
        let peer = Self {
            is_logged_in: false,
            enter_default_room: hello.enter_default_room,
            does_resume: hello.does_resume,
        };
        if let Some(login) = peer.first_login(hello) {
            push(incoming, request, login);
        }
        Some(peer)
    }

    /// Takes an object after the `hello`.
    pub(in crate::daemon::protocol::chat) fn request(
        &self,
        mut fields: Fields<'_>,
        incoming: &mut Vec<Incoming>,
    ) {
        let (request, body) = read(&mut fields);
        let backlog = body.as_ref().ok().and_then(Backlog::of);
        push(
            incoming,
            request.clone(),
            body.and_then(|body| self.command(body)),
        );
        if let Some(backlog) = backlog {
            push(incoming, request, backlog.command());
        }
    }

    /// Takes note of an answer to this client.
    pub(in crate::daemon::protocol::chat) fn on_reply(&mut self, reply: &Reply) {
        if matches!(reply, Reply::LoggedIn { .. }) {
            self.is_logged_in = true;
        }
    }

    /// The login that a `hello` asks for, if any.
    fn first_login(&self, hello: Hello<'_>) -> Option<Result<Command, Complaint>> {
        let (key, since) = (hello.key.as_deref(), hello.since.as_deref());
        if hello.credentials != Credentials::default() {
            return Some(self.login_as(hello.credentials, since));
        }
        let nick = hello.nick?;
        Some(self.login(&nick, key, since))
    }

    fn login_as(
        &self,
        credentials: Credentials<'_>,
        since: Option<&str>,
    ) -> Result<Command, Complaint> {
        credentials::command(credentials, self.entry(since)?)
    }

    fn register(
        &self,
        account: Option<&str>,
        password: &Hidden<'_>,
        invitation: Option<&Hidden<'_>>,
    ) -> Result<Command, Complaint> {
        Ok(Command::Register {
            name: account.map(nick).transpose()?,
            password: secret(Field::Password, password)?,
            invitation: invitation
                .map(|text| secret(Field::Invitation, text))
                .transpose()?,
            entry: Some(self.entry(None)?),
        })
    }

    fn entry(&self, since: Option<&str>) -> Result<Entry, Complaint> {
        Ok(Entry {
            enter_default_room: self.enter_default_room,
            does_resume: self.does_resume,
            since: since.map(|id| message_id(Field::Since, id)).transpose()?,
        })
    }

    fn command(&self, body: ClientBody<'_>) -> Result<Command, Complaint> {
        Ok(match body {
            ClientBody::Hello { .. } => return Err(Complaint::greeted_already()),
            ClientBody::Login { credentials } => self.login_as(credentials, None)?,
            ClientBody::Register {
                account,
                password,
                invitation,
            } => self.register(account.as_deref(), &password, invitation.as_ref())?,
            ClientBody::Password { old, new } => Command::ChangePassword {
                old: secret(Field::Old, &old)?,
                new: secret(Field::New, &new)?,
            },
            ClientBody::Nick { nick: wanted } if self.is_logged_in => Command::Nick(nick(&wanted)?),
            ClientBody::Nick { nick: wanted } => self.login(&wanted, None, None)?,
            ClientBody::Join {
                room: name, key, ..
            } => Command::Join {
                room: room(&name)?,
                key: key.map(Into::into),
            },
            ClientBody::Part { room: name, reason } => Command::Part {
                room: room(&name)?,
                reason: reason.map(Into::into),
            },
            ClientBody::Send {
                to,
                text,
                kind,
                client_msgid,
            } => Command::Send {
                to: target(&to)?,
                kind: hub_kind(kind),
                text: text.into(),
                client_msgid: client_msgid.map(|id| own_id(&id)).transpose()?,
                tags: None,
            },
            ClientBody::Edit { msgid, text } => Command::Edit {
                message: message_id(Field::Msgid, &msgid)?,
                text: text.into(),
            },
            ClientBody::Delete { msgid } => Command::Delete {
                message: message_id(Field::Msgid, &msgid)?,
                of: None,
                reason: None,
            },
            ClientBody::History {
                of,
                bounds,
                around,
                limit,
            } => Command::History {
                of: partner(&of)?,
                range: range(&bounds, around.as_deref())?,
                limit: page_limit(Field::Limit, limit)?,
            },
            ClientBody::Search {
                words,
                of,
                from,
                bounds,
                limit,
            } => Command::Search {
                query: Query {
                    words: words.into(),
                    of: of.map(|of| partner(&of)).transpose()?,
                    from: from.map(|whom| nick(&whom)).transpose()?,
                    after: lower(bounds.after.as_deref())?,
                    before: upper(bounds.before.as_deref())?,
                },
                limit: page_limit(Field::Limit, limit)?,
            },
            ClientBody::Read { of, upto } => Command::MarkRead {
                of: partner(&of)?,
                upto: message_id(Field::Upto, &upto)?,
            },
            ClientBody::Unread => Command::Unread,
            ClientBody::Topic { room: name, text } => Command::Topic {
                room: room(&name)?,
                text: text.into(),
            },
            ClientBody::Away { text } => Command::Away(text.map(Into::into)),
            ClientBody::RoomChat { on } => Command::Deaf(on.map(|on| !on)),
            ClientBody::Ignore { nick: whom, on } => Command::Ignore {
                nick: nick(&whom)?,
                on,
            },
            ClientBody::Ignores => Command::Ignores,
            ClientBody::Invite {
                room: name,
                nick: whom,
            } => Command::Invite {
                room: room(&name)?,
                nick: nick(&whom)?,
            },
            ClientBody::Kick {
                room: name,
                nick: whom,
                reason,
            } => Command::Moderate(order::kick(name.as_deref(), &whom, reason)?),
            ClientBody::AddRule {
                about,
                reason,
                lasts,
                evicts,
            } => Command::Moderate(order::add_rule(&about, reason, lasts, evicts)?),
            ClientBody::EndRule { about } => Command::Moderate(order::end_rule(&about)?),
            ClientBody::Rules { room: name } => Command::Moderate(order::rules(name.as_deref())?),
            ClientBody::Grant {
                room: name,
                nick: whom,
                role,
            } => Command::Moderate(order::grant(&name, &whom, role.as_deref())?),
            ClientBody::SetRoom {
                room: name,
                setting,
                value,
            } => Command::Moderate(order::set_room(&name, &setting, &value)?),
            ClientBody::RenameRoom {
                room: name,
                to,
                reason,
            } => Command::Moderate(order::rename_room(&name, &to, reason)?),
            ClientBody::ShowRoom { room: name } => {
                let room = room(&name)?;
                Command::Moderate(Moderation::ShowRoom { room })
            }
            ClientBody::Rooms => Command::Rooms,
            ClientBody::Names { room: name } => Command::Names(room(&name)?),
            ClientBody::Users => Command::Users,
            ClientBody::Whois { nick: whom } => Command::Whois(nick(&whom)?),
            ClientBody::Ping => Command::Ping,
            ClientBody::Pong => Command::Pong,
            ClientBody::Quit { reason } => Command::Quit {
                reason: reason.map(Into::into),
            },
        })
    }

    fn login(
        &self,
        wanted: &str,
        key: Option<&str>,
        since: Option<&str>,
    ) -> Result<Command, Complaint> {
        Ok(Command::Login {
            nick: nick(wanted)?,
            key: key.map(user_key).transpose()?,
            enter_default_room: self.enter_default_room,
            does_resume: self.does_resume,
            since: since.map(|id| message_id(Field::Since, id)).transpose()?,
            introduction: None,
        })
    }
}

/// The id and the body of a request. A body that cannot be read is still answered with the id.
fn read<'a>(fields: &mut Fields<'a>) -> (Option<RequestId>, Result<ClientBody<'a>, Complaint>) {
    match id_from_fields(fields) {
        Ok(id) => {
            let request = id.as_deref().and_then(RequestId::new);
            let body = ClientBody::from_fields(fields);
            (request, body.map_err(Complaint::from))
        }
        Err(error) => (None, Err(error.into())),
    }
}

/// A `hello` of a version that this server speaks.
struct Hello<'a> {
    nick: Option<Cow<'a, str>>,
    key: Option<Cow<'a, str>>,
    credentials: Credentials<'a>,
    enter_default_room: bool,
    does_resume: bool,
    wants_echo: bool,
    since: Option<Cow<'a, str>>,
}

impl<'a> Hello<'a> {
    fn accept(body: ClientBody<'a>) -> Result<Self, Complaint> {
        let ClientBody::Hello {
            v,
            nick,
            key,
            credentials,
            enter,
            resume,
            echo,
            since,
            ..
        } = body
        else {
            return Err(Complaint::hello_expected());
        };
        if v != VERSION {
            return Err(Complaint::unsupported_version());
        }
        Ok(Self {
            nick,
            key,
            credentials,
            enter_default_room: enter,
            does_resume: resume,
            wants_echo: echo,
            since,
        })
    }
}

fn push(
    incoming: &mut Vec<Incoming>,
    request: Option<RequestId>,
    command: Result<Command, Complaint>,
) {
    incoming.push(match command {
        Ok(command) => Incoming::Command { request, command },
        Err(complaint) => complaint.to_v1(request.as_ref()),
    });
}

pub(super) fn nick(text: &str) -> Result<Nick, Complaint> {
    Nick::parse(text).map_err(|error| Refusal::BadNick(error).into())
}

pub(super) fn room(text: &str) -> Result<RoomName, Complaint> {
    RoomName::parse(text).map_err(|error| Refusal::BadRoom(error).into())
}

pub(super) fn wrong(field: Field, expected: &'static str) -> Complaint {
    RequestError::WrongType { field, expected }.into()
}
