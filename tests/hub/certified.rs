//! Logging in by a certificate, and what ends that.

use super::story::{Story, story};

#[test]
fn a_certificate_logs_in_to_its_account_until_it_is_taken_back() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator gives certificate C to ana
        > ana connects
        > ana shows certificate C
        > ana logs in by certificate
          log: c1 has a certificate of ana
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed, without a key
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ana2 connects
        > ana2 shows certificate C
        > ana2 logs in to ana: correct horse
          log: c2 is ana, session 2
          ana2 gets: logged in again as ana to ana with 0 failed
          ana2 gets unasked: in #lobby with 1
        > operator takes back certificate C
          ana is closed: logged out
        > ana2 asks for users
          ana2 gets: users [ana]
        > ana connects
        > ana shows certificate C
        > ana logs in by certificate
          log: c3 may not log in to a token's account: login_failed
          ana gets: refused: login_failed
    ",
    );
}

#[test]
fn a_certificate_is_good_for_one_account_and_for_who_has_shown_it() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator makes account ben: battery staple
        > operator gives certificate C to ana
        > eve connects
        > eve logs in by certificate
          eve gets: refused: no_certificate
        > eve logs in by certificate to ana
          eve gets: refused: no_certificate
        > ana connects from 10.0.0.2
        > ana shows certificate C
        > ana logs in by certificate to ben
          log: c2 may not log in to a token's account: login_failed
          ana gets: refused: login_failed
        > 60s pass
          eve is closed: login timeout
          ana is closed: login timeout
        > ana connects from 10.0.0.2
        > ana shows certificate C
        > operator closes account ana
        > ana logs in by certificate to ana
          log: c3 may not log in to a token's account: account_disabled
          ana gets: refused: account_disabled
    ",
    );
}

#[test]
fn who_logged_in_by_certificate_keeps_their_place_and_comes_back_by_it() {
    Story::kept().play(
        r"
        > operator makes account ana: correct horse
        > operator gives certificate C to ana
        > ana connects
        > ana shows certificate C
        > ana logs in by certificate to ana
          log: c1 has a certificate of ana
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed, without a key
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ana drops
          log: c1 ana keeps their place
        > ana connects
        > ana shows certificate C
        > ana logs in by certificate
          log: c2 has a certificate of ana
          log: c2 is ana, session 1
          ana gets: logged in again as ana to ana with 0 failed, without a key
          ana gets unasked: in #lobby with 1
    ",
    );
}

#[test]
fn a_ban_holds_for_a_certificate_and_its_session_may_still_come_in_otherwise() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator makes account ben: battery staple
        > operator gives certificate C to ana
        > operator bans account:ana
          log: an operator began ban of account:ana everywhere
          operator gets: 0 sessions
        > ana connects
        > ana shows certificate C
        > ana logs in by certificate
          ana gets: refused: banned
        > ana logs in to ben: battery staple
          log: c1 is ben, session 1
          ana gets: logged in as ben to ben with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ben joined #lobby
        > operator takes back certificate C
        > ana pings
          ana gets: pong
    ",
    );
}
