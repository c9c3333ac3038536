//! Entering, leaving, topics, and who is where.

use super::story::{Story, story};

#[test]
fn a_room_opens_with_the_first_and_closes_with_the_last() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana joins #Rust
          log: #Rust opened
          ana gets: in #Rust with 1
          ana hears: ana joined #Rust
        > ben joins #rust
          ben gets: in #Rust with 2
          ana, ben hear: ben joined #Rust
        > ben joins #RUST
          ben gets: refused: already_in_room
        > ana leaves #rust: bye
          ana, ben hear: ana left #Rust (bye)
          ana gets: done
        > ben leaves #rust
          ben hears: ben left #Rust
          log: #Rust closed
          ben gets: done
        > ben leaves #rust
          ben gets: refused: no_such_room
        > ben joins #rust
          log: #rust opened
          ben gets: in #rust with 1
          ben hears: ben joined #rust
    ",
    );
}

#[test]
fn all_sessions_of_a_user_come_and_go_together() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > ana2 joins #tea
          log: #tea opened
          ana2 gets: in #tea with 1
          ana gets unasked: in #tea with 1
          ana, ana2 hear: ana joined #tea
        > ben joins #tea
          ben gets: in #tea with 2
          ana, ana2, ben hear: ben joined #tea
        > ana leaves #tea
          ana, ana2, ben hear: ana left #tea
          ana gets: done
        > ben says to #tea: alone
          ben hears: ben in #tea: alone
          ben gets: ack
    ",
    );
}

#[test]
fn the_default_room_never_closes_and_keeps_its_topic() {
    story(
        r"
        > ana arrives
        > ana sets the topic of #lobby: be kind
          ana hears: ana set the topic of #lobby: be kind
          ana gets: done
        > ana leaves #lobby
          ana hears: ana left #lobby
          ana gets: done
        > ana asks for rooms
          ana gets: rooms [#lobby 0 (be kind)]
        > ana joins #lobby
          ana gets: in #lobby with 1 (be kind)
          ana hears: ana joined #lobby
    ",
    );
}

#[test]
fn a_room_that_closed_is_forgotten() {
    story(
        r"
        > ana arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana leaves #tea
          ana hears: ana left #tea
          log: #tea closed
          ana gets: done
        > ana joins #Tea
          log: #Tea opened
          ana gets: in #Tea with 1
          ana hears: ana joined #Tea
    ",
    );
}

#[test]
fn a_room_with_a_topic_stays_though_nobody_is_in_it() {
    story(
        r"
        > ana arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana sets the topic of #tea: green
          ana hears: ana set the topic of #tea: green
          ana gets: done
        > ana leaves #tea
          ana hears: ana left #tea
          ana gets: done
        > ana joins #Tea
          ana gets: in #tea with 1 (green)
          ana hears: ana joined #tea
        > ana leaves #tea
          ana hears: ana left #tea
          ana gets: done
        > operator sets the topic of #tea
          log: #tea closed
          operator gets: topic set
    ",
    );
}

#[test]
fn rooms_that_are_open_for_their_topic_only_keep_nobody_out() {
    Story::with(|settings| settings.max_rooms = 2).play(
        r"
        > ana arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana sets the topic of #tea: green
          ana hears: ana set the topic of #tea: green
          ana gets: done
        > ana leaves #tea
          ana hears: ana left #tea
          ana gets: done
        > ana joins #coffee
          log: #coffee opened
          ana gets: in #coffee with 1
          ana hears: ana joined #coffee
        > ana joins #tea
          ana gets: refused: server_rooms_full
    ",
    );
}

#[test]
fn members_set_topics() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana sets the topic of #tea: green
          ana hears: ana set the topic of #tea: green
          ana gets: done
        > ana sets the topic of #tea: green
          ana gets: done
        > ben sets the topic of #tea: black
          ben gets: refused: not_in_room
        > ben sets the topic of #none: black
          ben gets: refused: no_such_room
        > ben asks for names in #tea
          ben gets: names in #tea (green): [ana]
        > ben asks for rooms
          ben gets: rooms [#lobby 2, #tea 1 (green)]
        > ana sets the topic of #tea: a\nb
          ana gets: refused: text_control
        > ana sets the topic of #tea
          ana hears: ana cleared the topic of #tea
          ana gets: done
        > ben asks for names in #none
          ben gets: refused: no_such_room
    ",
    );
}

#[test]
fn lists_are_sorted() {
    story(
        r"
        > dan arrives
        > Ana arrives
        > cho arrives
        > dan joins #z
          log: #z opened
          dan gets: in #z with 1
          dan hears: dan joined #z
        > dan joins #a
          log: #a opened
          dan gets: in #a with 1
          dan hears: dan joined #a
        > cho asks for users
          cho gets: users [Ana, cho, dan]
        > cho asks for names in #lobby
          cho gets: names in #lobby: [Ana, cho, dan]
        > cho asks for rooms
          cho gets: rooms [#a 1, #lobby 3, #z 1]
        > cho asks about DAN
          cho gets: dan is in [#a, #lobby, #z] with 1 sessions
        > cho asks about nobody
          cho gets: refused: no_such_user
    ",
    );
}

#[test]
fn rooms_are_bounded_per_user_and_in_all() {
    Story::with(|limits| {
        limits.rooms_per_user = 2;
        limits.max_rooms = 3;
    })
    .play(
        r"
        > ana arrives
        > ben arrives
        > ana joins #1
          log: #1 opened
          ana gets: in #1 with 1
          ana hears: ana joined #1
        > ana joins #2
          ana gets: refused: too_many_rooms
        > ana leaves #lobby
          ana, ben hear: ana left #lobby
          ana gets: done
        > ana joins #2
          log: #2 opened
          ana gets: in #2 with 1
          ana hears: ana joined #2
        > ben joins #3
          ben gets: refused: server_rooms_full
        > ben joins #2
          ben gets: in #2 with 2
          ana, ben hear: ben joined #2
    ",
    );
}

#[test]
fn reasons_obey_the_rules_of_topics() {
    Story::with(|limits| limits.topic_bytes = 5).play(
        r"
        > ana arrives
        > ana leaves #lobby: 123456
          ana gets: refused: text_too_long
        > ana leaves #lobby: \e[2J
          ana gets: refused: text_control
        > ana leaves #none
          ana gets: refused: no_such_room
        > ana leaves #lobby: 12345
          ana hears: ana left #lobby (12345)
          ana gets: done
        > ana quits: 123456
          ana is closed: good-bye
    ",
    );
}
