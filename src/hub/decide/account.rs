//! Who one is: login, nick, away.

use std::sync::Arc;

use super::banned::{must_not_be_banned, must_not_be_banned_as};
use super::speech::must_not_have;
use super::{Asker, Decision, Facts, text};
use crate::hub::account::{Account, Claim, Newcomer, PasswordChange, Registration, Require};
use crate::hub::authenticate::{Arrival, Enrolment};
use crate::hub::command::Entry;
use crate::hub::fingerprint::Fingerprint;
use crate::hub::held::Held;
use crate::hub::history::OwnerId;
use crate::hub::id::{MessageId, SessionId, UserId, UserKey};
use crate::hub::name::Nick;
use crate::hub::output::Reply;
use crate::hub::persona::{Introduction, Persona};
use crate::hub::refusal::Refusal;
use crate::hub::reserved::may_be_taken;
use crate::hub::secret::Secret;
use crate::hub::session::Session;
use crate::hub::settings::Settings;
use crate::hub::state::State;
use crate::hub::time::UnixMillis;

/// What a login brings with it.
pub(super) struct Login {
    pub(super) nick: Nick,
    pub(super) key: Option<UserKey>,
    pub(super) enter_default_room: bool,
    pub(super) does_resume: bool,
    pub(super) since: Option<MessageId>,
    pub(super) introduction: Option<Introduction>,
}

/// As for a new realname of somebody who is here.
fn may_be_shown(realname: &str, settings: &Settings) -> Result<(), Refusal> {
    if realname.is_empty() {
        return Err(Refusal::TextEmpty);
    }
    text::line(realname, Persona::REALNAME_BYTES)?;
    must_not_have(&settings.blocked_words, realname)
}

/// A nick that is free, and no account's, makes a new user, who is the person whose key came with it. An
/// account's is for the system user of that name, where the listener trusts that.
pub(super) fn log_in(
    facts: Facts<'_>,
    session: SessionId,
    login: Login,
) -> Result<Decision, Refusal> {
    let Facts { state, held, .. } = facts;
    must_be_new(state, session)?;
    if let Some(introduction) = &login.introduction {
        may_be_shown(&introduction.realname, facts.settings)?;
    }
    let Login {
        nick,
        key,
        enter_default_room,
        does_resume,
        since,
        introduction,
    } = login;
    let entry = Entry {
        enter_default_room,
        does_resume,
        since,
    };
    if let Some(account) = state.authenticated.get(&session) {
        let nick = may_come_in(facts, session, nick, account, introduction.as_ref())?;
        return Ok(Decision::ComeIn {
            nick,
            entry,
            introduction,
        });
    }
    // Old clients have no way to ask for an account, and others need none: the nick says it all.
    if held.has_nick(&nick) && is_trusted_as(state, session, &nick) {
        return Ok(Decision::Authenticate {
            claim: Claim::Peer(nick),
            entry,
        });
    }
    let Some(user) = state.user_named(&nick) else {
        may_be_new(facts, session, &nick, introduction.as_ref())?;
        if held.has_nick(&nick) {
            return Err(Refusal::NickRegistered(nick));
        }
        if key.is_some_and(|key| held.has_owner(OwnerId::of(key))) {
            return Err(Refusal::KeyOfAccount);
        }
        return Ok(Decision::LogIn {
            nick,
            key,
            enter_default_room,
            does_resume,
            introduction,
        });
    };
    // Who has the key of somebody who is here by an account had it from a login to that.
    if key.is_none() || state.account_of(user).is_none() {
        must_not_need_account(facts, session)?;
    }
    if !state.is_server_operator(user) {
        let username = state.user(user).username();
        must_not_be_banned_as(facts, session, &nick, state.account_of(user), username)?;
    }
    may_join(facts, user, nick, key)?;
    Ok(Decision::Attach {
        user,
        does_resume,
        since,
    })
}

/// Whether a key lets one more session join the user who has a nick.
fn may_join(
    facts: Facts<'_>,
    user: UserId,
    nick: Nick,
    key: Option<UserKey>,
) -> Result<(), Refusal> {
    match key {
        None if facts.held.has_nick(&nick) => Err(Refusal::NickRegistered(nick)),
        None => Err(Refusal::NickInUse(nick)),
        Some(key) if !facts.state.does_key_fit(user, key) => Err(Refusal::WrongKey(nick)),
        Some(_) => Ok(()),
    }
}

/// Whoever has proved whose account they are is its user, if that is here; else a new one, under a nick that is
/// free or the account's own: says under which.
fn may_come_in(
    facts: Facts<'_>,
    session: SessionId,
    wanted: Nick,
    account: &Account,
    introduction: Option<&Introduction>,
) -> Result<Nick, Refusal> {
    let Facts { state, held, .. } = facts;
    let is_over = |end: UnixMillis| end <= facts.now.unix;
    let token = account.token.as_ref();
    if token
        .and_then(|token| token.expires_at)
        .is_some_and(is_over)
    {
        return Err(Refusal::LoginFailed);
    }
    let here = state.accounts.get(&account.owner);
    let nick = here.map_or(wanted, |here| state.user(here.user).nick.clone());
    if !account.is_operator {
        let said = introduction.map(|it| &*it.username);
        let username = here.map_or(said, |here| state.user(here.user).username());
        must_not_be_banned_as(facts, session, &nick, Some(&account.name), username)?;
    }
    // Who has the account's nick as a guest gives way.
    let is_free = state.user_named(&nick).is_none() && !held.has_nick(&nick);
    if here.is_none() && nick != account.name {
        may_be_taken(&nick, facts.settings, held)?;
        if !is_free {
            return Err(is_taken(held, nick));
        }
    }
    Ok(nick)
}

/// A session that has proved something else before may prove something better.
pub(super) fn prove(state: &State, session: SessionId, claim: Claim) -> Result<Decision, Refusal> {
    let user = state.session(session).and_then(|session| session.user);
    if let Some(user) = user {
        must_be_alone(state, user)?;
    }
    Ok(Decision::Prove(claim))
}

/// As [`prove`], for whoever has shown a certificate.
pub(super) fn prove_by_certificate(
    state: &State,
    session: SessionId,
    name: Option<Nick>,
) -> Result<Decision, Refusal> {
    let fingerprint = certificate_of(state, session)?;
    prove(state, session, Claim::Certificate { name, fingerprint })
}

/// Whose sessions have all proved what one of them has: it is the only one, and nobody is to come back.
pub(in crate::hub) fn must_be_alone(state: &State, user: UserId) -> Result<(), Refusal> {
    let user = state.user(user);
    if user.sessions.len() > 1 || user.kept_place().is_some() {
        return Err(Refusal::OtherSessions);
    }
    Ok(())
}

fn certificate_of(state: &State, session: SessionId) -> Result<Fingerprint, Refusal> {
    let shown = state.session(session).and_then(Session::certificate);
    shown.ok_or(Refusal::NoCertificate)
}

/// Whose account it is, and whether it is theirs, is for the registry to tell.
pub(super) fn log_in_as(
    state: &State,
    session: SessionId,
    claim: Claim,
    entry: Entry,
) -> Result<Decision, Refusal> {
    must_be_new(state, session)?;
    Ok(Decision::Authenticate { claim, entry })
}

/// As [`log_in_as`], for whoever has shown a certificate.
pub(super) fn log_in_by_certificate(
    state: &State,
    session: SessionId,
    name: Option<Nick>,
    entry: Entry,
) -> Result<Decision, Refusal> {
    let fingerprint = certificate_of(state, session)?;
    log_in_as(
        state,
        session,
        Claim::Certificate { name, fingerprint },
        entry,
    )
}

/// What making an account brings with it.
pub(super) struct Registering {
    pub(super) name: Option<Nick>,
    pub(super) password: Secret,
    pub(super) invitation: Option<Secret>,
    /// `None` for who does not come in at once.
    pub(super) entry: Option<Entry>,
}

/// A user who is here registers their own nick and stays the same person; who is not, registers a nick that
/// nobody has.
pub(super) fn register(
    facts: Facts<'_>,
    session: SessionId,
    wanted: Registering,
) -> Result<Decision, Refusal> {
    let Facts { state, held, .. } = facts;
    let invitation = match facts.settings.registration {
        Registration::Operator => return Err(Refusal::RegistrationClosed),
        Registration::Open => None,
        Registration::Invite => Some(wanted.invitation.ok_or(Refusal::BadInvitation)?),
    };
    let user = state.session(session).and_then(|session| session.user);
    let (name, owner) = match (user, wanted.name) {
        (Some(user), name) => {
            if let Some(account) = state.account_of(user) {
                return Err(Refusal::AlreadyRegistered(account.clone()));
            }
            let nick = &state.user(user).nick;
            if name.is_some_and(|name| name != *nick) {
                return Err(Refusal::AlreadyLoggedIn);
            }
            (nick.clone(), Some(state.owner_of(user)))
        }
        (None, None) => return Err(Refusal::NotLoggedIn),
        (None, Some(name)) => (name, None),
    };
    if let Some(account) = state.authenticated.get(&session) {
        return Err(Refusal::AlreadyRegistered(account.name.clone()));
    }
    may_be_taken(&name, facts.settings, held)?;
    if user.is_none() {
        must_not_be_banned(facts, session, &name, None)?;
    }
    let is_in_use = user.is_none() && state.user_named(&name).is_some();
    // Who has to be invited does not learn who is here or has an account before the registry has looked at
    // the invitation.
    if invitation.is_none() && (is_in_use || held.has_nick(&name)) {
        return Err(is_taken(held, name));
    }
    let newcomer = Newcomer {
        name,
        is_in_use,
        owner,
        password: wanted
            .password
            .as_new_password(facts.settings.password_length)
            .map_err(Refusal::BadPassword)?,
        invitation,
        at: UnixMillis::default(), // set when it is asked for
    };
    let entry = match user {
        Some(_) => Arrival::Here,
        None => wanted.entry.map_or(Arrival::Later, Arrival::Now),
    };
    Ok(Decision::Enroll(Enrolment { newcomer, entry }))
}

/// Whoever is logged in to an account may, if they know its password.
pub(super) fn change_password(
    asker: &Asker<'_>,
    old: Secret,
    new: &Secret,
    settings: &Settings,
) -> Result<Decision, Refusal> {
    let account = asker.state.account_of(asker.id).ok_or(Refusal::NoAccount)?;
    let new = new
        .as_new_password(settings.password_length)
        .map_err(Refusal::BadPassword)?;
    let name = account.clone();
    Ok(Decision::ChangePassword(PasswordChange { name, old, new }))
}

/// Why nobody else can be called that.
pub(in crate::hub) fn is_taken(held: &Held, name: Nick) -> Refusal {
    if held.has_nick(&name) {
        Refusal::NickRegistered(name)
    } else {
        Refusal::NickInUse(name)
    }
}

fn is_trusted_as(state: &State, session: SessionId, nick: &Nick) -> bool {
    let session = state.session(session);
    session.is_some_and(|session| session.system_user() == Some(nick))
}

fn must_be_new(state: &State, session: SessionId) -> Result<(), Refusal> {
    match state.session(session).and_then(|session| session.user) {
        Some(_) => Err(Refusal::AlreadyLoggedIn),
        None => Ok(()),
    }
}

/// Whether the session may come in as a guest who is called that.
fn may_be_new(
    facts: Facts<'_>,
    session: SessionId,
    nick: &Nick,
    introduction: Option<&Introduction>,
) -> Result<(), Refusal> {
    may_be_taken(nick, facts.settings, facts.held)?;
    must_not_need_account(facts, session)?;
    let username = introduction.map(|it| &*it.username);
    must_not_be_banned_as(facts, session, nick, None, username)
}

/// Whether the session may come in as a guest.
fn must_not_need_account(facts: Facts<'_>, session: SessionId) -> Result<(), Refusal> {
    let session = facts.state.session(session);
    let is_remote = session.is_some_and(|session| session.remote_network().is_some());
    match facts.settings.require_account {
        Require::All => Err(Refusal::AccountRequired),
        Require::Remote if is_remote => Err(Refusal::AccountRequired),
        Require::Remote | Require::None => Ok(()),
    }
}

/// Another spelling of one's own nick is a change; the same spelling is none. An account's nick is for
/// whoever is logged in to it.
pub(super) fn rename(asker: &Asker<'_>, nick: Nick) -> Result<Decision, Refusal> {
    if nick.as_str() == asker.user.nick.as_str() {
        return Ok(Decision::Answer(Reply::Done));
    }
    let is_own = nick == asker.user.nick || asker.state.account_of(asker.id) == Some(&nick);
    if !is_own {
        may_be_taken(&nick, asker.settings, asker.held)?;
    }
    if !is_own && asker.held.has_nick(&nick) {
        return Err(Refusal::NickRegistered(nick));
    }
    if !asker.state.is_server_operator(asker.id) {
        asker.may_be_called(&nick)?;
        asker.must_stay_muted_as(&nick)?;
    }
    match asker.state.user_named(&nick) {
        Some(holder) if holder != asker.id => Err(Refusal::NickInUse(nick)),
        Some(_) | None => Ok(Decision::Rename(nick)),
    }
}

/// An empty text is none. Nobody is told what they know.
pub(super) fn set_away(asker: &Asker<'_>, away: Option<Arc<str>>) -> Result<Decision, Refusal> {
    text::optional_line(away.as_deref(), asker.settings.topic_bytes)?;
    let away = away.filter(|text| !text.is_empty());
    if let Some(text) = &away {
        asker.may_say(text)?;
    }
    if away.as_ref() == asker.user.away() {
        return Ok(Decision::Answer(Reply::Done));
    }
    Ok(Decision::SetAway(away))
}
