//! Whether somebody may show, watch or set what they ask for.

use super::{Asker, Decision, text};
use crate::hub::people::Holder;
use crate::hub::people::Request;
use crate::hub::people::metadata::{self, KEYS_MAX, KeyError, Of, VALUE_BYTES_MAX};
use crate::hub::permission::{Action, Role};
use crate::hub::persona::Persona;
use crate::hub::refusal::Refusal;

pub(super) fn decide(asker: &Asker<'_>, request: Request) -> Result<Decision, Refusal> {
    match &request {
        Request::SetModes { .. }
        | Request::Operate { .. }
        | Request::Resign
        | Request::Watch(_) => {}
        Request::SetRealName(name) => {
            if name.is_empty() {
                return Err(Refusal::TextEmpty);
            }
            text::line(name, Persona::REALNAME_BYTES)?;
            asker.may_say(name)?;
        }
        Request::Wallops(said) => {
            if !asker.state.is_server_operator(asker.id) {
                let needs = Role::ServerOperator;
                return Err(Refusal::NotPermitted { needs });
            }
            if said.is_empty() {
                return Err(Refusal::TextEmpty);
            }
            text::line(said, asker.settings.topic_bytes)?;
        }
        Request::Metadata(request) => check(asker, request)?,
    }
    Ok(Decision::People(request))
}

fn check(asker: &Asker<'_>, request: &metadata::Request) -> Result<(), Refusal> {
    match request {
        metadata::Request::Get { of, .. }
        | metadata::Request::List(of)
        | metadata::Request::Sync(of) => drop(readable(asker, of)?),
        metadata::Request::Set { of, key, value } => {
            let holder = settable(asker, of)?;
            let metadata = asker.state.metadata_of(holder);
            let has_it = metadata.is_some_and(|it| it.contains_key(key));
            match value {
                None if !has_it => return Err(Refusal::Key(KeyError::NotSet)),
                None => {}
                Some(value) => {
                    text::line(value, VALUE_BYTES_MAX)?;
                    match holder {
                        Holder::User(_) => asker.may_say(value)?,
                        Holder::Room(room) => asker.may_be_read_in(room, value)?,
                    }
                    if !has_it && metadata.is_some_and(|it| it.len() >= KEYS_MAX) {
                        return Err(Refusal::Key(KeyError::TooMany { max: KEYS_MAX }));
                    }
                }
            }
        }
        metadata::Request::Clear(of) => drop(settable(asker, of)?),
        metadata::Request::Subscribe(_)
        | metadata::Request::Unsubscribe(_)
        | metadata::Request::Subscriptions => {}
    }
    Ok(())
}

/// Whoever may be asked about; a room that is closed only by those who may read what is said there.
fn readable(asker: &Asker<'_>, of: &Of) -> Result<Holder, Refusal> {
    let holder = holder(asker, of)?;
    if let (Holder::Room(room), Of::Room(name)) = (holder, of)
        && !asker.state.may_read(asker.id, room)
    {
        return Err(Refusal::NotInRoom(name.clone()));
    }
    Ok(holder)
}

/// One sets one's own; that of rooms is for their operators, that of others for the server's.
fn settable(asker: &Asker<'_>, of: &Of) -> Result<Holder, Refusal> {
    let holder = holder(asker, of)?;
    let (role, needs) = match holder {
        Holder::User(user) if user == asker.id => return Ok(holder),
        Holder::User(_) if asker.state.is_server_operator(asker.id) => return Ok(holder),
        Holder::User(_) => (Role::Anyone, Role::ServerOperator),
        Holder::Room(room) => (asker.state.role_in(asker.id, room), Action::Set.needs()),
    };
    if role >= needs {
        Ok(holder)
    } else {
        Err(Refusal::NotPermitted { needs })
    }
}

fn holder(asker: &Asker<'_>, of: &Of) -> Result<Holder, Refusal> {
    Ok(match of {
        Of::Own => Holder::User(asker.id),
        Of::User(nick) => Holder::User(asker.user_named(nick.clone())?),
        Of::Room(name) => Holder::Room(asker.room(name.clone())?),
    })
}
