//! Connecting, logging in, being somebody.

use super::story::story;

#[test]
fn a_new_user_is_told_of_the_room_before_anybody_hears_of_them() {
    story(
        r"
        > ana connects
        > ana logs in as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben connects
        > ben logs in as Ben
          log: c2 is Ben, session 1
          ben gets: logged in as Ben
          ben gets unasked: in #lobby with 2
          ana, ben hear: Ben joined #lobby
    ",
    );
}

#[test]
fn who_wants_no_room_is_in_none() {
    story(
        r"
        > ana arrives
        > bot connects
        > bot logs in outside as bot
          log: c2 is bot, session 1
          bot gets: logged in as bot
        > bot asks about bot
          bot gets: bot is in [] with 1 sessions
    ",
    );
}

#[test]
fn a_nick_belongs_to_one_user_in_every_spelling() {
    story(
        r"
        > ana arrives
        > eve connects
        > eve logs in as ANA
          eve gets: refused: nick_in_use
        > eve logs in as ana with the key of eve
          eve gets: refused: wrong_key
        > eve logs in as eve
          log: c2 is eve, session 1
          eve gets: logged in as eve
          eve gets unasked: in #lobby with 2
          ana, eve hear: eve joined #lobby
        > eve logs in as other
          eve gets: refused: already_logged_in
    ",
    );
}

#[test]
fn with_the_key_a_second_session_is_the_same_user() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana joins #rust
          log: #rust opened
          ana gets: in #rust with 1
          ana hears: ana joined #rust
        > ana2 connects
        > ana2 logs in as ana with the key of ana
          log: c3 is ana, session 2
          ana2 gets: logged in again as ana
          ana2 gets unasked: in #lobby with 2
          ana2 gets unasked: in #rust with 1
        > ben says to #lobby: hi
          ana, ana2, ben hear: ben in #lobby: hi
          ben gets: ack
        > ana2 joins #tea
          log: #tea opened
          ana2 gets: in #tea with 1
          ana gets unasked: in #tea with 1
          ana, ana2 hear: ana joined #tea
        > ana asks about ana
          ana gets: ana is in [#lobby, #rust, #tea] with 2 sessions
    ",
    );
}

#[test]
fn a_user_keeps_the_key_when_the_session_that_brought_it_has_gone() {
    story(
        r"
        > ana arrives
        > ana2 connects
        > ana2 logs in as ana with the key of ana
          log: c2 is ana, session 2
          ana2 gets: logged in again as ana
          ana2 gets unasked: in #lobby with 1
        > ana drops
        > ana3 connects
        > ana3 logs in as ana with the key of ana2
          ana3 gets: refused: wrong_key
        > ana3 logs in as ana with the key of ana
          log: c3 is ana, session 2
          ana3 gets: logged in again as ana
          ana3 gets unasked: in #lobby with 1
    ",
    );
}

#[test]
fn a_key_for_a_nick_that_is_free_again_makes_a_new_user() {
    story(
        r"
        > ana arrives
        > ana drops
        > ana2 connects
        > ana2 logs in as ana with the key of ana
          log: c2 is ana, session 1
          ana2 gets: logged in as ana
          ana2 gets unasked: in #lobby with 1
          ana2 hears: ana joined #lobby
    ",
    );
}

#[test]
fn before_the_login_there_is_little_to_say() {
    story(
        r"
        > ana connects
        > ana pings
          ana gets: pong
        > ana pongs
        > ana says to #lobby: hi
          ana gets: refused: not_logged_in
        > ana joins #rust
          ana gets: refused: not_logged_in
        > ana asks for users
          ana gets: refused: not_logged_in
        > ana becomes ana
          ana gets: refused: not_logged_in
        > ana goes away: x
          ana gets: refused: not_logged_in
        > ana switches group chat off
          ana gets: refused: not_logged_in
        > ana quits: bye
          ana is closed: good-bye (bye)
    ",
    );
}

#[test]
fn a_nick_change_is_told_once_to_everyone_who_shares_a_room() {
    story(
        r"
        > ana arrives
        > ana2 arrives as ana
        > ben arrives
        > cho connects
        > cho logs in outside as cho
          log: c4 is cho, session 1
          cho gets: logged in as cho
        > dan connects
        > dan logs in outside as dan
          log: c5 is dan, session 1
          dan gets: logged in as dan
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana2 gets unasked: in #tea with 1
          ana, ana2 hear: ana joined #tea
        > cho joins #tea
          cho gets: in #tea with 2
          ana, ana2, cho hear: cho joined #tea
        > ben joins #tea
          ben gets: in #tea with 3
          ana, ana2, ben, cho hear: ben joined #tea
        > ben leaves #tea
          ana, ana2, ben, cho hear: ben left #tea
          ben gets: done
        > ana becomes Anna
          log: c1 ana is now Anna
          ana, ana2, ben, cho hear: ana is now Anna
          ana gets: done
        > ana becomes Anna
          ana gets: done
        > ana becomes ANNA
          log: c1 Anna is now ANNA
          ana, ana2, ben, cho hear: Anna is now ANNA
          ana gets: done
        > ana becomes ben
          ana gets: refused: nick_in_use
        > cho says to anna: hi
          ana, ana2, cho hear: cho to ANNA: hi
          cho gets: ack
        > dan becomes dana
          log: c5 dan is now dana
          dan hears: dan is now dana
          dan gets: done
        > ben says to ana: where are you
          ben gets: refused: no_such_user
    ",
    );
}

#[test]
fn away_is_told_around_and_shown() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana goes away: tea
          ana, ben hear: ana is away: tea
          ana gets: done
        > ana goes away: tea
          ana gets: done
        > ben asks about ana
          ben gets: ana is in [#lobby] with 1 sessions away: tea
        > ana comes back
          ana, ben hear: ana is back
          ana gets: done
        > ana comes back
          ana gets: done
        > ana goes away: two\nlines
          ana gets: refused: text_control
        > ana goes away
          ana gets: done
    ",
    );
}
