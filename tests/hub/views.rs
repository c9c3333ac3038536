//! What operators may see, and what programs rely on beyond the lines that people read.

use std::time::Duration;

use chatd::hub::command::{Command, MessageKind, Target};
use chatd::hub::input::Input;
use chatd::hub::name::RoomName;
use chatd::hub::output::{Output, Reply};
use chatd::hub::time::UnixMillis;

use super::engine::{Seen, key_of};
use super::story::Story;

fn replies(seen: Vec<Seen>) -> Vec<Reply> {
    let replies = seen.into_iter().filter_map(|it| match it {
        Seen::Replied(_, _, reply) => Some(reply),
        Seen::Heard(..)
        | Seen::Pinged(_)
        | Seen::Closed(..)
        | Seen::Administered(_)
        | Seen::Logged(_) => None,
    });
    replies.collect()
}

#[test]
fn operators_see_every_connection() {
    let mut story = Story::with(|_| {});
    story.play_muted("ana connects from 10.0.0.7");
    story.play_muted("5s pass");
    story.play_muted("ben arrives");
    story.play_muted("ben joins #tea");
    story.play_muted("ben goes away: tea");
    story.play_muted("ben switches group chat off");
    let views = story.engine.hub.sessions();
    let [ana, ben] = &views[..] else {
        panic!("{views:?}");
    };
    assert_eq!(ana.session, story.session("ana"));
    assert_eq!((&ana.nick, ana.deaf, ana.rooms.len()), (&None, false, 0));
    assert_eq!(ana.last_heard, Duration::ZERO);
    assert_eq!(ben.connected_at, UnixMillis(ana.connected_at.0 + 5000));
    assert_eq!(ben.nick.as_ref().unwrap().as_str(), "ben");
    let rooms: Vec<&str> = ben.rooms.iter().map(|room| room.as_str()).collect();
    assert_eq!(rooms, ["#lobby", "#tea"]);
    assert_eq!(ben.away.as_deref(), Some("tea"));
    assert!(ben.deaf);
    assert_eq!(ben.last_heard, Duration::from_secs(5));

    let counts = story.engine.hub.counts();
    assert_eq!((counts.sessions, counts.users, counts.rooms), (2, 1, 2));
    let rooms = story.engine.hub.rooms();
    assert_eq!(rooms.len(), 2);
    assert_eq!((rooms[1].room.as_str(), rooms[1].members), ("#tea", 1));
}

#[test]
fn an_ack_carries_the_id_and_time_of_its_message() {
    let mut story = Story::with(|_| {});
    story.play_muted("ana arrives");
    for action in ["ana says to #lobby: hello", "ana says to ana: hello"] {
        let seen = story.play_muted(action);
        let [
            Seen::Heard(_, event),
            Seen::Replied(_, Some(_), Reply::Ack { id, at, .. }),
        ] = &seen[..]
        else {
            panic!("{seen:?}");
        };
        assert_eq!((event.id, event.at), (*id, *at));
        assert_eq!(event.at, story.engine.now.unix);
    }
}

#[test]
fn a_user_keeps_the_key_of_the_first_session() {
    let mut story = Story::with(|_| {});
    story.play_muted("ana arrives");
    let ana = story.session("ana");
    let since = story.engine.now.unix;
    story.play_muted("5s pass");
    story.play_muted("ana2 connects");
    let seen = story.play_muted("ana2 logs in as ana with the key of ana");
    let Some(Reply::LoggedIn { key, .. }) = replies(seen).into_iter().next() else {
        panic!("not logged in");
    };
    assert_eq!(key, Some(key_of(ana)));
    story.play_muted("ana drops");
    let about = replies(story.play_muted("ana2 asks about ana"));
    let [Reply::Whois(summary)] = &about[..] else {
        panic!("{about:?}");
    };
    assert_eq!((summary.since, summary.sessions), (since, 1));
}

#[test]
fn speech_where_nobody_minds_allocates_no_list() {
    let mut story = Story::with(|_| {});
    story.play_muted("ana arrives");
    story.play_muted("ben arrives");
    let mut outputs = Vec::new();
    let now = story.engine.now;
    let input = Input::Command {
        session: story.session("ana"),
        request: None,
        command: Command::Send {
            to: Target::Room(RoomName::lobby()),
            kind: MessageKind::Text,
            text: "hello".into(),
            client_msgid: None,
            tags: None,
        },
    };
    story.engine.hub.handle(now, input, &mut outputs);
    let Output::Room { except, .. } = &outputs[0] else {
        panic!("{outputs:?}");
    };
    assert_eq!(except.capacity(), 0);
}
