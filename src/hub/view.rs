//! What an operator may see of the hub: copies of facts, made on request, never on the hot path.

use std::sync::Arc;
use std::time::Duration;

use super::fingerprint::Fingerprint;
use super::id::{RoomId, SessionId, UserId};
use super::moderation::rule::Rule;
use super::name::{Nick, RoomName};
use super::output::{RoomSummary, UserSummary};
use super::permission::RoomRole;
use super::state::State;
use super::time::UnixMillis;
use super::timers::Timers;
use super::user::User;

/// One connection.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionView {
    /// Which one.
    pub session: SessionId,
    /// As whom; `None` until it has logged in.
    pub nick: Option<Nick>,
    /// The account that its user is logged in to; `None` for a guest.
    pub account: Option<Nick>,
    /// When it connected.
    pub connected_at: UnixMillis,
    /// When it last sent something, as uptime, rounded down to a tenth of a second.
    pub last_heard: Duration,
    /// Its user's rooms, by name.
    pub rooms: Vec<RoomName>,
    /// Its user's away text.
    pub away: Option<Arc<str>>,
    /// Whether it has group chat off.
    pub deaf: bool,
    /// The certificate that its peer has shown.
    pub certificate: Option<Fingerprint>,
}

/// All there is to know about one user.
#[derive(Clone, Debug, PartialEq)]
pub struct UserView {
    pub nick: Nick,
    /// The account that they are logged in to; `None` for a guest.
    pub account: Option<Nick>,
    /// Whether they keep order everywhere.
    pub is_server_operator: bool,
    /// When their first session logged in.
    pub since: UnixMillis,
    pub away: Option<Arc<str>>,
    /// Where they are, by name, and the role that they have there.
    pub places: Vec<(RoomName, Option<RoomRole>)>,
    /// In the order of login; none while their place is kept.
    pub sessions: Vec<SessionId>,
    /// Those that are about them, of the server and of all rooms, as they were made.
    pub rules: Vec<Rule>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections, logged in or not.
    pub sessions: usize,
    /// Users who are logged in.
    pub users: usize,
    /// Open rooms.
    pub rooms: usize,
}

/// All connections, by serial.
pub(super) fn sessions(state: &State, timers: &Timers) -> Vec<SessionView> {
    let views = state.sessions.iter().map(|(id, session)| {
        let user = session.user.map(|user| state.user(user));
        SessionView {
            session: id,
            nick: user.map(|user| user.nick.clone()),
            account: session
                .user
                .and_then(|user| state.account_of(user))
                .cloned(),
            connected_at: session.connected_at,
            last_heard: timers.last_heard(id.slot),
            rooms: user.map_or_else(Vec::new, |user| rooms_of(state, user, |_| true)),
            away: user.and_then(User::away).cloned(),
            deaf: session.deaf,
            certificate: session.certificate(),
        }
    });
    let mut views: Vec<SessionView> = views.collect();
    views.sort_unstable_by_key(|view| view.session.serial);
    views
}

/// The rooms that are shown, by name.
pub(super) fn rooms(state: &State, is_shown: impl Fn(RoomId) -> bool) -> Vec<RoomSummary> {
    let rooms = state.rooms.by_name().filter(|room| {
        // Nearly no room is secret, and finding a number takes a search.
        !room.charter.settings.secret || state.room_named(&room.name).is_some_and(&is_shown)
    });
    let summaries = rooms.map(|room| RoomSummary {
        room: room.name.clone(),
        members: room.members.len(),
        topic: room.topic.clone(),
    });
    summaries.collect()
}

/// One user as others see them, in the rooms that are shown.
pub(super) fn user(state: &State, id: UserId, is_shown: impl Fn(RoomId) -> bool) -> UserSummary {
    let user = state.user(id);
    UserSummary {
        nick: user.nick.clone(),
        account: state.account_of(id).cloned(),
        rooms: rooms_of(state, user, is_shown),
        away: user.away().cloned(),
        sessions: user.sessions.len(),
        since: user.since,
    }
}

/// One user as operators see them; `None` where nobody has the nick. Takes time proportional to the rules that
/// there are.
pub(super) fn trace(state: &State, nick: &Nick) -> Option<UserView> {
    let id = state.user_named(nick)?;
    let user = state.user(id);
    let owner = state.owner_of(id);
    let places = user.places.iter().map(|place| {
        let room = state.room(place.room);
        let role = room.charter.roles.get(&owner).map(|&(role, _)| role);
        (room.name.clone(), role)
    });
    let mut places: Vec<(RoomName, Option<RoomRole>)> = places.collect();
    places.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let rules = state.with_traits(id, |who| {
        let about = state.rules.iter().filter(|rule| rule.subject.fits(who));
        about.cloned().collect()
    });
    Some(UserView {
        nick: user.nick.clone(),
        account: state.account_of(id).cloned(),
        is_server_operator: state.is_server_operator(id),
        since: user.since,
        away: user.away().cloned(),
        places,
        sessions: user.sessions.to_vec(),
        rules,
    })
}

/// How much there is.
pub(super) fn counts(state: &State) -> Counts {
    Counts {
        sessions: state.sessions.len(),
        users: state.users.len(),
        rooms: state.rooms.len(),
    }
}

/// A user's rooms that are shown, by name.
fn rooms_of(state: &State, user: &User, is_shown: impl Fn(RoomId) -> bool) -> Vec<RoomName> {
    let places = user.places.iter().filter(|place| is_shown(place.room));
    let names = places.map(|place| &state.room(place.room).name);
    let mut names: Vec<RoomName> = names.cloned().collect();
    names.sort_unstable();
    names
}
