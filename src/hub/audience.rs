//! Who hears what. Asked before a change is applied, so that leavers are counted in, and answered
//! with a whole room wherever that will do: the engine hands one slice to all of a room, and only
//! a list to the rest.

use smallvec::SmallVec;

use super::id::{RoomId, SessionId, SessionIds, UserId};
use super::permission::Status;
use super::state::State;

/// Everyone in the room but `except`, and besides them `sessions`, nobody twice; of these not `unechoed`.
#[derive(Debug, Default)]
pub(super) struct Audience {
    pub(super) room: Option<RoomId>,
    pub(super) except: Vec<SessionId>,
    pub(super) sessions: SessionIds,
    pub(super) unechoed: Option<SessionId>,
}

impl Audience {
    /// Without the session that speaks, if it would be there and does not want to be. The event is one of
    /// its own all the same, also when nobody else hears it.
    pub(super) fn without_unwanted_echo(mut self, state: &State, speaker: SessionId) -> Self {
        let is_unwanted = state.session(speaker).is_some_and(|it| !it.wants_echo);
        let user = state.session(speaker).and_then(|it| it.user);
        let is_in = |room| user.is_some_and(|user| state.user(user).is_in(room));
        let would_hear = |room| is_in(room) && state.does_hear(speaker, room);
        if is_unwanted && self.room.is_some_and(|room| !is_in(room)) {
            self.sessions.retain(|session| *session != speaker);
        }
        self.unechoed = (is_unwanted && self.room.is_none_or(would_hear)).then_some(speaker);
        self
    }
}

/// Everyone in a room.
pub(super) fn all_of(room: RoomId) -> Audience {
    Audience {
        room: Some(room),
        ..Audience::default()
    }
}

/// All sessions of one user.
pub(super) fn own(state: &State, user: UserId) -> Audience {
    Audience {
        sessions: state.user(user).sessions.clone(),
        ..Audience::default()
    }
}

/// Those who may invite past what is set about a room, but who has done it and who is called.
pub(super) fn inviters(state: &State, room: RoomId, by: UserId, called: UserId) -> Audience {
    with_status(state, room, Status::Operator, |user| {
        user != by && user != called
    })
}

/// Speech to those in a room who have a status: not for sessions with group chat off, nor for users who ignore the
/// speaker. What one session says the speaker's others hear too.
pub(super) fn speech_to_status(
    state: &State,
    speaker: UserId,
    room: RoomId,
    status: Status,
) -> Audience {
    let deaf = &state.room(room).deaf;
    let mut audience = with_status(state, room, status, |user| {
        user != speaker && !state.user(user).does_ignore(speaker)
    });
    audience
        .sessions
        .extend_from_slice(&state.user(speaker).sessions);
    audience.sessions.retain(|session| !deaf.contains(session));
    audience
}

fn with_status(
    state: &State,
    room: RoomId,
    status: Status,
    is_meant: impl Fn(UserId) -> bool,
) -> Audience {
    let charter = &state.room(room).charter;
    let members = state.room(room).members.iter().copied();
    let meant = members.filter(|&user| {
        let standing = charter.standing_of(state.owner_of(user));
        let has = standing.has(status) || standing.has(Status::Operator);
        has && is_meant(user)
    });
    let sessions = meant.flat_map(|user| state.user(user).sessions.iter().copied());
    let hear = sessions.filter(|&session| state.does_hear(session, room));
    Audience {
        sessions: hear.collect(),
        ..Audience::default()
    }
}

/// Everyone who is logged in, whatever they have switched off.
pub(super) fn everyone(state: &State) -> Audience {
    let logged_in = |(_, session): &(_, &super::session::Session)| session.user.is_some();
    let sessions = state.sessions.iter().filter(logged_in);
    Audience {
        sessions: sessions.map(|(id, _)| id).collect(),
        ..Audience::default()
    }
}

/// Speech in a room: not for sessions with group chat off, nor for users who ignore the speaker.
/// Where there are none of either, which is the normal case, this asks nobody.
pub(super) fn speech(state: &State, speaker: UserId, room: RoomId) -> Audience {
    let deaf = &state.room(room).deaf;
    let mut except = deaf.clone();
    for &other in state.user(speaker).ignored_by() {
        let other = state.user(other);
        if other.is_in(room) {
            let hearing = other.sessions.iter().filter(|id| !deaf.contains(id));
            except.extend(hearing);
        }
    }
    let mut sessions = SessionIds::new();
    if !state.user(speaker).is_in(room) {
        // From outside: what they say they hear all the same.
        sessions.clone_from(&state.user(speaker).sessions);
    }
    Audience {
        room: Some(room),
        except,
        sessions,
        ..Audience::default()
    }
}

/// Speech to one user: all sessions of both, unless one does not want to hear the other.
pub(super) fn private(state: &State, from: UserId, to: UserId) -> Audience {
    let mut sessions = SessionIds::new();
    if to != from && !state.user(to).does_ignore(from) {
        sessions.extend_from_slice(&state.user(to).sessions);
    }
    sessions.extend_from_slice(&state.user(from).sessions);
    Audience {
        sessions,
        ..Audience::default()
    }
}

/// Everyone who shares a room with a user, and the user.
pub(super) fn around(state: &State, user: UserId) -> Audience {
    around_in(state, user, &rooms_of(state, user))
}

/// Everyone who shares one of these rooms with a user, who is in all of them, and the user.
pub(super) fn around_in(state: &State, user: UserId, rooms: &[RoomId]) -> Audience {
    let mut audience = others_in(state, user, rooms);
    if audience.room.is_none() {
        // Alone: then one room of theirs reaches all their sessions, or the list does.
        match rooms.first() {
            Some(&room) => audience.room = Some(room),
            None => audience.sessions.clone_from(&state.user(user).sessions),
        }
    }
    audience
}

/// Everyone who shares a room with a user who is leaving.
pub(super) fn others_around(state: &State, user: UserId) -> Audience {
    others_in(state, user, &rooms_of(state, user))
}

/// The rooms that a user is in.
pub(super) fn rooms_of(state: &State, user: UserId) -> SmallVec<[RoomId; 8]> {
    let places = state.user(user).places.iter();
    places.map(|place| place.room).collect()
}

/// The others in some rooms of a user: the largest such room, and the sessions that are in another one only.
fn others_in(state: &State, user: UserId, rooms: &[RoomId]) -> Audience {
    let size = |room: RoomId| state.room(room).members.len();
    let shared = rooms.iter().copied();
    let Some(largest) = shared
        .filter(|&room| size(room) > 1)
        .max_by_key(|&room| (size(room), std::cmp::Reverse(room)))
    else {
        return Audience::default();
    };
    let elsewhere = rooms.iter().filter(|&&room| room != largest);
    let mut others: Vec<UserId> = elsewhere
        .flat_map(|&room| state.room(room).members.iter().copied())
        .filter(|&other| other != user && !state.user(other).is_in(largest))
        .collect();
    others.sort_unstable();
    others.dedup();
    let sessions = others
        .iter()
        .flat_map(|&other| state.user(other).sessions.iter().copied());
    Audience {
        room: Some(largest),
        sessions: sessions.collect(),
        ..Audience::default()
    }
}
