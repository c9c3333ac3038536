//! Nicks that people take for the server or for one of the services that other networks have: whoever had one could
//! ask for passwords by it. Nobody takes one but whoever is logged in to an account of that name, which only an
//! operator makes, or whoever knows passwords for the server (`[accounts.external]`).

use super::held::Held;
use super::name::Nick;
use super::refusal::Refusal;
use super::settings::Settings;

/// Beside the server's name: the services of IRC networks, and as what clients show what the server says. By their
/// keys, sorted.
pub const RESERVED: [&str; 14] = [
    "authserv", "botserv", "chanserv", "chatd", "global", "helpserv", "histserv", "hostserv",
    "memoserv", "nickserv", "operserv", "saslserv", "server", "system",
];

/// Whether somebody may take a nick that is not theirs already. That it is free is another question; that it is an
/// account's is told first.
pub(super) fn may_be_taken(nick: &Nick, settings: &Settings, held: &Held) -> Result<(), Refusal> {
    nick.is_plain().map_err(Refusal::BadNick)?;
    let is_reserved =
        RESERVED.binary_search(&nick.key()).is_ok() || settings.server_nick.as_ref() == Some(nick);
    if is_reserved && !held.has_nick(nick) {
        return Err(Refusal::NickReserved(nick.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_nicks_are_their_own_keys_in_order() {
        assert!(RESERVED.is_sorted());
        for nick in RESERVED {
            assert_eq!(Nick::parse(nick).unwrap().key(), nick);
        }
    }
}
