//! Whether the server's bans let somebody in.

use std::cell::OnceCell;

use super::Facts;
use crate::hub::id::SessionId;
use crate::hub::moderation::rule::Effect;
use crate::hub::moderation::subject::{Shown, Traits};
use crate::hub::name::Nick;
use crate::hub::persona::Persona;
use crate::hub::refusal::{InForce, Refusal};

/// Whether they let somebody in from there, under this nick and perhaps this account.
pub(in crate::hub) fn must_not_be_banned(
    facts: Facts<'_>,
    session: SessionId,
    nick: &Nick,
    account: Option<&Nick>,
) -> Result<(), Refusal> {
    must_not_be_banned_as(facts, session, nick, account, None)
}

/// The same of somebody of whom IRC is to show a username, if they have said one.
pub(super) fn must_not_be_banned_as(
    facts: Facts<'_>,
    session: SessionId,
    nick: &Nick,
    account: Option<&Nick>,
    username: Option<&str>,
) -> Result<(), Refusal> {
    let session = facts.state.session(session);
    let network = session.and_then(|session| session.network());
    let who = Traits {
        nick,
        account,
        networks: network.as_slice(),
        shown: Shown {
            username: username.unwrap_or(Persona::USERNAME),
            host: &OnceCell::new(),
            network,
            cloak_key: facts.state.cloak_key,
        },
    };
    match facts.state.rules.holding(None, Effect::Ban, who) {
        None => Ok(()),
        Some(ban) => {
            let ban = InForce::of(ban, facts.now.unix);
            Err(Refusal::Banned(None, Box::new(ban)))
        }
    }
}
