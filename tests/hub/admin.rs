//! What operators do.

use super::story::story;

#[test]
fn a_kick_ends_all_sessions_of_a_user() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > operator kicks ANA: enough
          log: an operator kicked ana from everywhere
          ana is closed: kicked (enough)
          ben hears: ana quit: kicked (enough)
          ana2 is closed: kicked (enough)
          operator gets: 2 sessions
        > operator kicks ben
          log: an operator kicked ben from everywhere
          ben is closed: kicked
          operator gets: 1 sessions
        > operator kicks ben
          operator gets: refused: no_such_user
        > operator kicks ana: a\nb
          operator gets: refused: text_control
    ",
    );
}

#[test]
fn announcements_reach_the_deaf_too() {
    story(
        r"
        > ana arrives
        > ben connects
        > ben logs in outside as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > cho connects
        > ana switches group chat off
          ana gets: group chat off
        > operator announces: maintenance at noon
          ana, ben hear: notice: maintenance at noon
          operator gets: 2 sessions
        > operator announces in #lobby: tea
          ana hears: notice in #lobby: tea
          operator gets: 1 sessions
        > operator announces in #none: tea
          operator gets: refused: no_such_room
        > operator announces
          operator gets: refused: text_empty
        > operator announces: \e[2J
          operator gets: refused: text_control
    ",
    );
}

#[test]
fn an_announcement_to_nobody_is_told_to_nobody() {
    story(
        r"
        > operator announces: hello
          operator gets: 0 sessions
        > operator announces in #lobby: hello
          operator gets: 0 sessions
    ",
    );
}

#[test]
fn operators_set_topics_of_rooms_that_exist() {
    story(
        r"
        > ana arrives
        > operator sets the topic of #lobby: be kind
          ana hears: an operator set the topic of #lobby: be kind
          operator gets: topic set
        > operator sets the topic of #none: be kind
          operator gets: refused: no_such_room
        > operator sets the topic of #lobby
          ana hears: an operator cleared the topic of #lobby
          operator gets: topic set
        > ana asks for rooms
          ana gets: rooms [#lobby 1]
    ",
    );
}

#[test]
fn a_shutdown_ends_everyone_at_once() {
    story(
        r"
        > ana arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ben arrives
        > cho connects
        > operator shuts down
          ana is closed: shutdown
          ben is closed: shutdown
          cho is closed: shutdown
          operator gets: 3 sessions
        > dan connects
          dan is closed: shutdown
        > operator shuts down
          operator gets: 0 sessions
        > operator announces: too late
          operator gets: refused: shutting_down
        > 1000s pass
    ",
    );
}
