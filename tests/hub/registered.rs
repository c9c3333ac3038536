//! Accounts: who one is by a password, whose nick it is, and what operators may do about it.

use chatd::hub::account::{Registration, Require};
use chatd::hub::name::Nick;

use super::story::{Story, story};

fn open() -> Story {
    Story::with(|settings| settings.registration = Registration::Open)
}

#[test]
fn an_account_is_logged_in_to_with_its_password() {
    story(
        r"
        > operator makes account Ana: correct horse
        > ana connects
        > ana logs in to ana: wrong horse
          log: c1 may not log in to ana: login_failed
          ana gets: refused: login_failed
        > ana logs in to nobody: correct horse
          log: c1 may not log in to nobody: login_failed
          ana gets: refused: login_failed
        > ana logs in to ana: correct horse
          log: c1 is Ana, session 1
          ana gets: logged in as Ana to Ana with 1 failed
          ana gets unasked: in #lobby with 1
          ana hears: Ana joined #lobby
        > ana logs in to ana: correct horse
          ana gets: refused: already_logged_in
    ",
    );
}

#[test]
fn an_accounts_nick_is_nobody_elses() {
    story(
        r"
        > operator makes account ana: correct horse
        > eve connects
        > eve logs in as ANA
          eve gets: refused: nick_registered
        > eve arrives as eve
        > eve becomes ana
          eve gets: refused: nick_registered
        > operator removes account ana
        > eve becomes ana
          log: c2 eve is now ana
          eve hears: eve is now ana
          eve gets: done
    ",
    );
}

#[test]
fn sessions_of_an_account_are_one_user_and_see_both_sides() {
    story(
        r"
        > operator makes account ana: correct horse
        > ana connects
        > ana logs in to ana: correct horse
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ana2 connects
        > ana2 logs in to ana: correct horse
          log: c2 is ana, session 2
          ana2 gets: logged in again as ana to ana with 0 failed
          ana2 gets unasked: in #lobby with 1
        > ben arrives
        > ben says to ana: hi
          ana, ana2, ben hear: ben to ana: hi
          ben gets: ack
        > ana2 says to ben: hello
          ana, ana2, ben hear: ana to ben: hello
          ana2 gets: ack
        > ana becomes anna
          log: c1 ana is now anna
          ana, ana2, ben hear: ana is now anna
          ana gets: done
        > ben becomes ana
          ben gets: refused: nick_registered
        > ana becomes ana
          log: c1 anna is now ana
          ana, ana2, ben hear: anna is now ana
          ana gets: done
    ",
    );
}

#[test]
fn a_guest_is_told_and_gives_way_when_the_owner_comes() {
    story(
        r"
        > guest arrives as ana
        > operator makes account ana: correct horse
          guest hears: ana is registered
        > ana connects
        > ana logs in to ana: correct horse
          log: c1 ana is now guest-1
          guest hears: ana is now guest-1
          guest hears: ana is registered, now guest-1
          log: c2 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 2
          ana, guest hear: ana joined #lobby
    ",
    );
}

#[test]
fn who_registers_keeps_their_history_and_a_key_alone_is_not_them_any_more() {
    let mut story = open();
    story.engine.keep();
    story.play(
        r"
        > ana arrives
        > ana says to #lobby: as a guest
          ana hears: ana in #lobby: as a guest
          ana gets: ack
        > ana registers: correct horse
          log: c1 registered ana
          ana hears: ana is logged in to ana
          ana gets: registered as ana
        > ana registers: correct horse
          ana gets: refused: already_registered
        > ana edits 1: as before
          ana hears: ana edited in #lobby: as before
          ana gets: ack
        > ana2 connects
        > ana2 logs in as ana with the key of ana
          log: c2 is ana, session 2
          ana2 gets: logged in again as ana to ana with 0 failed
          ana2 gets unasked: in #lobby with 1
        > ana drops
        > ana2 drops
    ",
    );
    story.play(
        r"
        > eve connects
        > eve logs in as other with the key of ana
          eve gets: refused: key_of_account
        > eve logs in to ana: correct horse
          log: c3 is ana, session 1
          eve gets: logged in as ana to ana with 0 failed
          eve gets unasked: in #lobby with 1
          eve hears: ana joined #lobby
        > eve deletes 1
          eve hears: ana deleted in #lobby
          eve gets: ack
    ",
    );
}

#[test]
fn registering_is_as_open_as_the_config_says() {
    story(
        r"
        > ana arrives
        > ana registers: correct horse
          ana gets: refused: registration_closed
    ",
    );
    let mut invited = Story::with(|settings| settings.registration = Registration::Invite);
    invited.play(
        r"
        > operator invites with golden-ticket
        > ana arrives
        > ana registers: correct horse
          ana gets: refused: bad_invitation
        > ana registers with paper-ticket: correct horse
          log: c1 may not log in to ana: bad_invitation
          ana gets: refused: bad_invitation
        > ana registers with golden-ticket: correct horse
          log: c1 registered ana
          ana hears: ana is logged in to ana
          ana gets: registered as ana
        > ben arrives
        > operator makes account cho: correct horse
        > operator invites with silver-ticket
        > ben registers with golden-ticket: correct horse
          log: c2 may not log in to ben: bad_invitation
          ben gets: refused: bad_invitation
        > eve connects
        > eve registers as cho with paper-ticket: correct horse
          log: c3 may not log in to cho: bad_invitation
          eve gets: refused: bad_invitation
        > eve registers as cho with silver-ticket: correct horse
          log: c3 may not log in to cho: nick_registered
          eve gets: refused: nick_registered
        > eve registers as ben with paper-ticket: correct horse
          log: c3 may not log in to ben: bad_invitation
          eve gets: refused: bad_invitation
        > eve registers as ben with silver-ticket: correct horse
          log: c3 may not log in to ben: nick_in_use
          eve gets: refused: nick_in_use
        > eve registers as eve with silver-ticket: correct horse
          log: c3 registered eve
          log: c3 is eve, session 1
          eve gets: logged in as eve to eve with 0 failed
          eve gets unasked: in #lobby with 3
          ana, ben, eve hear: eve joined #lobby
    ",
    );
    open().play(
        r"
        > ana connects
        > ana registers as ana: short
          ana gets: refused: bad_password
        > ana registers as ana: correct horse
          log: c1 registered ana
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben connects
        > ben registers as ana: correct horse
          ben gets: refused: nick_registered
        > ben registers: correct horse
          ben gets: refused: not_logged_in
    ",
    );
}

#[test]
fn an_account_may_be_required_of_all_or_of_strangers() {
    let mut remote = Story::with(|settings| settings.require_account = Require::Remote);
    remote.play(
        r"
        > operator makes account ana: correct horse
        > ana connects from 203.0.113.1
        > ana logs in as anna
          ana gets: refused: account_required
        > ana logs in to ana: correct horse
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ana2 connects from 203.0.113.1
        > ana2 logs in as ana with the key of ana
          log: c2 is ana, session 2
          ana2 gets: logged in again as ana to ana with 0 failed
          ana2 gets unasked: in #lobby with 1
        > ben connects from 127.0.0.1
        > ben logs in outside as ben
          log: c3 is ben, session 1
          ben gets: logged in as ben
        > cho connects from ::1
        > cho logs in outside as cho
          log: c4 is cho, session 1
          cho gets: logged in as cho
        > dan connects from 203.0.113.2
        > dan logs in as ben with the key of ben
          dan gets: refused: account_required
    ",
    );
    let mut all = Story::with(|settings| settings.require_account = Require::All);
    all.play(
        r"
        > ana connects from here
        > ana logs in as ana
          ana gets: refused: account_required
    ",
    );
}

#[test]
fn failed_logins_slow_the_next_one_and_are_told_to_the_owner() {
    let mut story = Story::with(|settings| settings.rate = 0.0);
    story.play_muted("operator makes account ana: correct horse");
    story.play_muted("eve connects from 203.0.113.1");
    for _ in 0..6 {
        story.play_muted("eve logs in to ana: wrong horse");
    }
    story.play(
        r"
        > eve logs in to ana: correct horse
          log: c1 is slowed down at ana, 1 in all
          eve gets: refused: login_slowed for 1000 ms
        > eve logs in to nobody: correct horse
          log: c1 may not log in to nobody: login_failed
          eve gets: refused: login_failed
        > ana connects from 203.0.113.2
        > ana logs in to ana: correct horse
          ana gets: refused: login_slowed for 1000 ms
        > 1s pass
        > ana logs in to ana: correct horse
          log: c2 is ana, session 1
          ana gets: logged in as ana to ana with 6 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
    ",
    );
}

#[test]
fn an_operator_closes_an_account_and_whoever_is_in_it_goes() {
    story(
        r"
        > operator makes account ana: correct horse
        > ana connects
        > ana logs in to ana: correct horse
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben arrives
        > operator closes account ana
          ben hears: ana quit: logged out
          ana is closed: logged out
        > ana connects
        > ana logs in to ana: correct horse
          log: c3 may not log in to ana: account_disabled
          ana gets: refused: account_disabled
        > ana logs in as ana
          ana gets: refused: nick_registered
    ",
    );
}

#[test]
fn an_answer_finds_whoever_is_still_there() {
    story(
        r"
        > operator makes account ana: correct horse
        > the store takes its time
        > ana connects
        > ana logs in to ana: correct horse
        > ana logs in to ana: correct horse
          ana gets: refused: busy
        > ben connects
        > ben logs in to ana: correct horse
        > ana drops
        > ben logs in as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
          ben gets unasked: in #lobby with 1
          ben hears: ben joined #lobby
        > the registry answers
          ben gets: refused: already_logged_in
    ",
    );
}

#[test]
fn a_place_that_is_kept_is_the_accounts() {
    let mut story = Story::kept();
    story.play(
        r"
        > operator makes account ana: correct horse
        > ana connects
        > ana logs in to stay to ana: correct horse
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ana drops
          log: c1 ana keeps their place
        > ana2 connects
        > ana2 logs in to ana: correct horse
          log: c2 is ana, session 1
          ana2 gets: logged in again as ana to ana with 0 failed
          ana2 gets unasked: in #lobby with 1
    ",
    );
}

#[test]
fn what_services_are_called_is_nobodys_but_an_accounts_of_an_operator() {
    let mut story = Story::with(|settings| {
        settings.registration = Registration::Open;
        settings.server_nick = Nick::parse("Tea.House").ok();
    });
    story.play(
        r"
        > eve connects
        > eve logs in as NickServ
          eve gets: refused: nick_reserved
        > eve logs in as tea.house
          eve gets: refused: nick_reserved
        > eve registers ahead as chanserv: correct horse
          eve gets: refused: nick_reserved
        > eve arrives as eve
        > eve becomes HistServ
          eve gets: refused: nick_reserved
        > operator makes account NickServ: correct horse
        > eve becomes nickserv
          eve gets: refused: nick_registered
        > bot connects
        > bot logs in as NickServ
          bot gets: refused: nick_registered
        > bot logs in to NickServ: correct horse
          log: c3 is NickServ, session 1
          bot gets: logged in as NickServ to NickServ with 0 failed
          bot gets unasked: in #lobby with 2
          bot, eve hear: NickServ joined #lobby
    ",
    );
}
