//! How sessions end, and who hears of it.

use super::story::story;

#[test]
fn a_quit_is_heard_once_by_each_who_shares_a_room() {
    story(
        r"
        > ana arrives
        > ben arrives
        > cho arrives
        > dan connects
        > dan logs in outside as dan
          log: c4 is dan, session 1
          dan gets: logged in as dan
        > eve connects
        > eve logs in outside as eve
          log: c5 is eve, session 1
          eve gets: logged in as eve
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ben joins #tea
          ben gets: in #tea with 2
          ana, ben hear: ben joined #tea
        > dan joins #tea
          dan gets: in #tea with 3
          ana, ben, dan hear: dan joined #tea
        > ana quits: good night
          ben, cho, dan hear: ana quit: good-bye (good night)
          ana is closed: good-bye (good night)
    ",
    );
}

#[test]
fn who_has_another_session_has_not_left() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > ana drops
        > ana2 quits
          ben hears: ana quit: good-bye
          ana2 is closed: good-bye
    ",
    );
}

#[test]
fn rooms_close_behind_the_last() {
    story(
        r"
        > ana arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana joins #rust
          log: #rust opened
          ana gets: in #rust with 1
          ana hears: ana joined #rust
        > ben arrives
        > ben joins #rust
          ben gets: in #rust with 2
          ana, ben hear: ben joined #rust
        > ana drops
          ben hears: ana quit: closed
          log: #tea closed
    ",
    );
}

#[test]
fn a_slot_is_used_again_and_late_words_are_ignored() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana drops
          ben hears: ana quit: closed
        > cho arrives
        > ana says to #lobby: am I still here
        > ana sends garbage
        > ana drops
        > ana answers pings
        > ben says to #lobby: who spoke
          ben, cho hear: ben in #lobby: who spoke
          ben gets: ack
    ",
    );
}
