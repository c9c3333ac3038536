//! Speaking to rooms and to users, and not wanting to hear.

use super::story::{Story, story};

#[test]
fn everyone_in_the_room_hears_the_speaker_too() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > cho connects
        > cho logs in outside as cho
          log: c4 is cho, session 1
          cho gets: logged in as cho
        > ana says to #lobby: hello
          ana, ana2, ben hear: ana in #lobby: hello
          ana gets: ack
        > ben acts to #LOBBY: waves
          ana, ana2, ben hear: ben in #lobby: * waves
          ben gets: ack
        > ben notes to #lobby: it is five
          ana, ana2, ben hear: ben in #lobby: - it is five
          ben gets: ack
    ",
    );
}

#[test]
fn who_is_not_in_the_room_may_not_speak_there() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ben joins #tea
          log: #tea opened
          ben gets: in #tea with 1
          ben hears: ben joined #tea
        > ana says to #tea: hello
          ana gets: refused: not_in_room
        > ana says to #none: hello
          ana gets: refused: no_such_room
        > ana says to nobody: hello
          ana gets: refused: no_such_user
    ",
    );
}

#[test]
fn private_messages_reach_all_sessions_of_both() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > ben2 arrives as ben
        > cho arrives
        > ana says to BEN: psst
          ana, ana2, ben, ben2 hear: ana to ben: psst
          ana gets: ack
        > ana says to ana: note to self
          ana, ana2 hear: ana to ana: note to self
          ana gets: ack
    ",
    );
}

#[test]
fn who_wants_no_echo_gets_only_the_ack() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > ana wants no echo
        > ana says to #lobby: hello
          ana2, ben hear: ana in #lobby: hello
          ana gets: ack
        > ana2 says to #lobby: hello again
          ana, ana2, ben hear: ana in #lobby: hello again
          ana2 gets: ack
        > ben says to #lobby: hello you two
          ana, ana2, ben hear: ben in #lobby: hello you two
          ben gets: ack
        > ana says to ben: psst
          ana2, ben hear: ana to ben: psst
          ana gets: ack
        > ana says to ana: note to self
          ana2 hears: ana to ana: note to self
          ana gets: ack
        > ben ignores ana
          ben gets: done
        > ana says to ben: are you there?
          ana2 hears: ana to ben: are you there?
          ana gets: ack
        > ana2 quits
          ana2 is closed: good-bye
        > ana says to ben: anybody?
          ana gets: ack
        > ana says to #lobby: nobody, then
          ana gets: ack
    ",
    );
}

#[test]
fn texts_are_bounded_and_clean() {
    Story::with(|limits| limits.message_bytes = 6).play(
        r"
        > ana arrives
        > ana says to #lobby
          ana gets: refused: text_empty
        > ana says to #lobby: 123456
          ana hears: ana in #lobby: 123456
          ana gets: ack
        > ana says to #lobby: 1234567
          ana gets: refused: text_too_long
        > ana says to #lobby: 한글
          ana hears: ana in #lobby: 한글
          ana gets: ack
        > ana says to #lobby: 한글1
          ana gets: refused: text_too_long
        > ana says to #lobby: a\nb
          ana hears: ana in #lobby: a\nb
          ana gets: ack
        > ana says to #lobby: a\eb
          ana gets: refused: text_control
        > ana says to ana: a\eb
          ana gets: refused: text_control
    ",
    );
}

#[test]
fn ids_rise_though_the_clock_steps_back() {
    story(
        r"
        > ana arrives
        > ana says to #lobby: before
          ana hears: ana in #lobby: before
          ana gets: ack
        > the clock steps back 3600s
        > ana says to #lobby: after
          ana hears: ana in #lobby: after
          ana gets: ack
    ",
    );
}

#[test]
fn group_chat_off_is_for_one_session_and_for_rooms_only() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > ana switches group chat off
          ana gets: group chat off
        > ben says to #lobby: who hears
          ana2, ben hear: ben in #lobby: who hears
          ben gets: ack
        > ana2 says to #lobby: I do
          ana2, ben hear: ana in #lobby: I do
          ana2 gets: ack
        > ana says to #lobby: me too
          ana gets: refused: group_chat_off
        > ana says to ben: privately
          ana, ana2, ben hear: ana to ben: privately
          ana gets: ack
        > ben says to ana: fine
          ana, ana2, ben hear: ben to ana: fine
          ben gets: ack
        > ben sets the topic of #lobby: ears
          ana, ana2, ben hear: ben set the topic of #lobby: ears
          ben gets: done
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana2 gets unasked: in #tea with 1
          ana, ana2 hear: ana joined #tea
        > ben joins #tea
          ben gets: in #tea with 2
          ana, ana2, ben hear: ben joined #tea
        > ben says to #tea: still deaf
          ana2, ben hear: ben in #tea: still deaf
          ben gets: ack
        > ana switches group chat over
          ana gets: group chat on
        > ben says to #tea: and now
          ana, ana2, ben hear: ben in #tea: and now
          ben gets: ack
        > ana switches group chat over
          ana gets: group chat off
        > ana switches group chat off
          ana gets: group chat off
        > ana switches group chat on
          ana gets: group chat on
    ",
    );
}

#[test]
fn who_leaves_while_deaf_leaves_nothing_behind() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > ana switches group chat off
          ana gets: group chat off
        > ana drops
        > ben says to #lobby: one
          ana2, ben hear: ben in #lobby: one
          ben gets: ack
        > ana2 switches group chat off
          ana2 gets: group chat off
        > ana2 leaves #lobby
          ana2, ben hear: ana left #lobby
          ana2 gets: done
        > ben says to #lobby: two
          ben hears: ben in #lobby: two
          ben gets: ack
        > ana2 joins #lobby
          ana2 gets: in #lobby with 2
          ana2, ben hear: ana joined #lobby
        > ben says to #lobby: three
          ben hears: ben in #lobby: three
          ben gets: ack
    ",
    );
}

#[test]
fn the_ignored_are_not_heard_and_not_told() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > cho arrives
        > ana ignores ben
          ana gets: done
        > ben says to #lobby: hello
          ben, cho hear: ben in #lobby: hello
          ben gets: ack
        > ben says to ana: hello
          ben hears: ben to ana: hello
          ben gets: ack
        > ana says to ben: I ignore you
          ana, ana2, ben hear: ana to ben: I ignore you
          ana gets: ack
        > ben becomes benny
          log: c3 ben is now benny
          ana, ana2, ben, cho hear: ben is now benny
          ben gets: done
        > ben says to #lobby: it is still me
          ben, cho hear: benny in #lobby: it is still me
          ben gets: ack
        > ana asks for ignores
          ana gets: ignores [benny]
        > ana2 switches group chat off
          ana2 gets: group chat off
        > ben says to #lobby: deaf and ignoring
          ben, cho hear: benny in #lobby: deaf and ignoring
          ben gets: ack
        > ana hears benny again
          ana gets: done
        > ben says to #lobby: and now
          ana, ben, cho hear: benny in #lobby: and now
          ben gets: ack
    ",
    );
}

#[test]
fn an_ignored_user_who_comes_again_is_a_new_one() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana ignores ben
          ana gets: done
        > ben drops
          ana hears: ben quit: closed
        > ana asks for ignores
          ana gets: ignores []
        > ben arrives
        > ben says to ana: hello
          ana, ben hear: ben to ana: hello
          ben gets: ack
    ",
    );
}

#[test]
fn who_ignores_elsewhere_is_no_exception_here() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana ignores ben
          ana gets: done
        > ana leaves #lobby
          ana, ben hear: ana left #lobby
          ana gets: done
        > ben says to #lobby: nobody minds
          ben hears: ben in #lobby: nobody minds
          ben gets: ack
        > ana drops
        > ben says to #lobby: nobody ignores
          ben hears: ben in #lobby: nobody ignores
          ben gets: ack
    ",
    );
}

#[test]
fn ignoring_has_its_bounds() {
    Story::with(|limits| limits.ignores_per_user = 1).play(
        r"
        > ana arrives
        > ben arrives
        > cho arrives
        > ana ignores ana
          ana gets: refused: cannot_ignore_self
        > ana ignores dan
          ana gets: refused: no_such_user
        > ana ignores ben
          ana gets: done
        > ana ignores ben
          ana gets: done
        > ana ignores cho
          ana gets: refused: too_many_ignored
        > ana hears cho again
          ana gets: done
        > ana hears ben again
          ana gets: done
        > ana ignores cho
          ana gets: done
    ",
    );
}
