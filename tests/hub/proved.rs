//! Logging in in two steps: proving whose account it is, and coming in later; and becoming an account's user as
//! somebody who is here.

use chatd::hub::account::Registration;

use super::story::{Story, story};

#[test]
fn who_has_proved_whose_account_it_is_comes_in_under_any_free_nick() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator makes account ben: battery staple
        > cho arrives
        > ana connects
        > ana proves to be ana: correct horse
          log: c2 has proved to be ana
          ana gets: is proved to be ana
        > ana asks for users
          ana gets: refused: not_logged_in
        > ana logs in as ben
          ana gets: refused: nick_registered
        > ana logs in as cho
          ana gets: refused: nick_in_use
        > ana logs in as ann
          log: c2 is ann, session 1
          ana gets: logged in as ann to ana with 0 failed
          ana gets unasked: in #lobby with 2
          ana, cho hear: ann joined #lobby
        > ana2 connects
        > ana2 proves to be ANA: correct horse
          log: c3 has proved to be ana
          ana2 gets: is proved to be ana
        > ana2 logs in as cho
          log: c3 is ann, session 2
          ana2 gets: logged in again as ann to ana with 0 failed
          ana2 gets unasked: in #lobby with 2
        > cho says to ann: hi
          ana, ana2, cho hear: cho to ann: hi
          cho gets: ack
    ",
    );
}

#[test]
fn who_has_the_accounts_nick_as_a_guest_gives_way() {
    story(
        r"
        > ana arrives
        > operator makes account ana: correct horse
          ana hears: ana is registered
        > ben connects
        > ben proves to be ana: correct horse
          log: c2 has proved to be ana
          ben gets: is proved to be ana
        > ben logs in as ana
          log: c1 ana is now guest-1
          ana hears: ana is now guest-1
          ana hears: ana is registered, now guest-1
          log: c2 is ana, session 1
          ben gets: logged in as ana to ana with 0 failed
          ben gets unasked: in #lobby with 2
          ana, ben hear: ana joined #lobby
    ",
    );
}

#[test]
fn a_wrong_password_proves_nothing_and_is_counted() {
    story(
        r"
        > operator makes account ana: correct horse
        > eve connects
        > eve proves to be ana: battery staple
          log: c1 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves to be nobody: battery staple
          log: c1 may not log in to nobody: login_failed
          eve gets: refused: login_failed
        > eve proves to be ana: battery staple
          log: c1 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves to be ana: battery staple
          log: c1 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves to be ana: battery staple
          log: c1 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves to be ana: battery staple
          log: c1 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves to be ana: battery staple
          log: c1 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves to be ana: correct horse
          log: c1 is slowed down at ana, 1 in all
          eve gets: refused: login_slowed for 1000 ms
        > eve logs in as eve
          log: c1 is eve, session 1
          eve gets: logged in as eve
          eve gets unasked: in #lobby with 1
          eve hears: eve joined #lobby
    ",
    );
}

#[test]
fn what_was_proved_is_taken_back_with_the_account_and_its_password() {
    story(
        r"
        > operator makes account ana: correct horse
        > ana connects
        > ana proves to be ana: correct horse
          log: c1 has proved to be ana
          ana gets: is proved to be ana
        > operator closes account ana
          ana is closed: logged out
        > operator makes account ben: correct horse
        > ben connects
        > ben proves to be ben: correct horse
          log: c2 has proved to be ben
          ben gets: is proved to be ben
        > operator removes account ben
          ben is closed: logged out
        > operator makes account cho: correct-horse
        > cho connects
        > cho logs in to cho: correct-horse
          log: c3 is cho, session 1
          cho gets: logged in as cho to cho with 0 failed
          cho gets unasked: in #lobby with 1
          cho hears: cho joined #lobby
        > other connects
        > other proves to be cho: correct-horse
          log: c4 has proved to be cho
          other gets: is proved to be cho
        > operator gives certificate C to cho
        > bot connects
        > bot shows certificate C
        > bot proves to have a certificate
          log: c5 has proved to be cho
          bot gets: is proved to be cho
        > cho changes the password from correct-horse: battery-staple
          other is closed: logged out
          log: c3 changed the password of cho
          cho gets: done
        > bot logs in as bot
          log: c5 has a certificate of cho
          log: c5 is cho, session 2
          bot gets: logged in again as cho to cho with 0 failed, without a key
          bot gets unasked: in #lobby with 1
    ",
    );
}

#[test]
fn what_was_proved_is_taken_back_with_the_certificate_or_the_token() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator gives certificate C to ana
        > operator gives T to ana for #dev
        > one connects
        > one shows certificate C
        > one proves to have a certificate
          log: c1 has proved to be ana
          one gets: is proved to be ana
        > two connects
        > two proves to have T
          log: c2 has proved to be ana
          two gets: is proved to be ana
        > three connects
        > three shows certificate C
        > three proves to have a certificate
          log: c3 has proved to be ana
          three gets: is proved to be ana
        > three proves to be ana: correct horse
          log: c3 has proved to be ana
          three gets: is proved to be ana
        > operator takes back certificate C
          one is closed: logged out
        > operator takes back T
          two is closed: logged out
        > three logs in as three
          log: c3 is three, session 1
          three gets: logged in as three to ana with 0 failed
          three gets unasked: in #lobby with 1
          three hears: three joined #lobby
        > four connects
        > four proves to have a certificate
          four gets: refused: no_certificate
    ",
    );
}

#[test]
fn a_certificate_that_was_proved_ends_its_session_when_it_is_taken_back() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator gives certificate C to ana
        > ana connects
        > ana shows certificate C
        > ana proves to have a certificate
          log: c1 has proved to be ana
          ana gets: is proved to be ana
        > ana logs in as ann
          log: c1 has a certificate of ana
          log: c1 is ann, session 1
          ana gets: logged in as ann to ana with 0 failed, without a key
          ana gets unasked: in #lobby with 1
          ana hears: ann joined #lobby
        > operator takes back certificate C
          ana is closed: logged out
    ",
    );
}

#[test]
fn a_token_that_was_proved_expires_and_keeps_its_limits() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator gives T to ana for #dev
        > operator lets T expire in 10s
        > bot connects
        > bot proves to have T
          log: c1 has proved to be ana
          bot gets: is proved to be ana
        > 5s pass
        > bot2 connects
        > bot2 proves to have T
          log: c2 has proved to be ana
          bot2 gets: is proved to be ana
        > bot2 logs in as bot
          log: c2 is bot, session 1
          bot2 gets: logged in as bot to ana with 0 failed, without a key
        > bot2 joins #tea
          bot2 gets: refused: token_forbids
        > 6s pass
          bot2 is closed: logged out
        > bot logs in as bot
          bot gets: refused: login_failed
    ",
    );
}

#[test]
fn bans_are_judged_by_the_nick_and_by_the_account() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator makes account ben: correct horse
        > operator bans account:ana
          log: an operator began ban of account:ana everywhere
          operator gets: 0 sessions
        > operator bans spam*
          log: an operator began ban of spam* everywhere
          operator gets: 0 sessions
        > ana connects
        > ana proves to be ana: correct horse
          log: c1 has proved to be ana
          ana gets: is proved to be ana
        > ana logs in as ann
          ana gets: refused: banned
        > ana proves to be ben: correct horse
          log: c1 has proved to be ben
          ana gets: is proved to be ben
        > ana logs in as spammer
          ana gets: refused: banned
        > ana logs in as ann
          log: c1 is ann, session 1
          ana gets: logged in as ann to ben with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ann joined #lobby
    ",
    );
}

#[test]
fn a_server_operator_is_one_by_what_is_so_at_the_login() {
    story(
        r"
        > operator makes account ana: correct horse
        > ana connects
        > ana proves to be ana: correct horse
          log: c1 has proved to be ana
          ana gets: is proved to be ana
        > operator makes ana a server operator
        > operator bans ann
          log: an operator began ban of ann everywhere
          operator gets: 0 sessions
        > ana logs in as ann
          log: c1 is ann, session 1
          ana gets: logged in as ann to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ann joined #lobby
        > ana bans eve: spam
          log: c1 began ban of eve everywhere (spam)
          ana hears: ann began ban of eve everywhere (spam)
          ana gets: 0 sessions
    ",
    );
}

#[test]
fn an_account_is_made_ahead_of_the_login() {
    Story::with(|it| it.registration = Registration::Open).play(
        r"
        > ana connects
        > ana registers ahead as ana: correct horse
          log: c1 registered ana
          log: c1 has proved to be ana
          ana gets: registered as ana
        > ana registers ahead as ana: correct horse
          ana gets: refused: already_registered
        > ana registers ahead as ben: correct horse
          ana gets: refused: already_registered
        > ana logs in as ann
          log: c1 is ann, session 1
          ana gets: logged in as ann to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ann joined #lobby
        > ben connects
        > ben registers ahead as ann: correct horse
          ben gets: refused: nick_in_use
        > ben registers ahead as ana: correct horse
          ben gets: refused: nick_registered
    ",
    );
}

#[test]
fn a_guest_becomes_an_accounts_user_with_what_they_have_in_rooms() {
    story(
        r"
        > operator makes account ana: correct horse
        > gil arrives
        > ben arrives
        > gil joins #dev
          log: #dev opened
          gil gets: in #dev with 1
          gil hears: gil joined #dev
        > ben joins #dev
          ben gets: in #dev with 2
          ben, gil hear: ben joined #dev
        > gil proves to be ana: correct horse
          log: c1 has proved to be ana
          gil gets: is proved to be ana
          ben, gil hear: gil is logged in to ana
        > gil sets topic-locked of #dev to on
          log: c1 set topic-locked of #dev to on
          ben, gil hear: gil set topic-locked of #dev to on
          gil gets: 0 sessions
        > other connects
        > other logs in as gil with the key of gil
          other gets: refused: wrong_key
        > gil drops
          ben hears: gil quit: closed
        > ana connects
        > ana logs in to ana: correct horse
          log: c4 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 2
          ana, ben hear: ana joined #lobby
        > ana joins #dev
          ana gets: in #dev with 2
          ana, ben hear: ana joined #dev
        > ana kicks ben out of #dev
          log: c4 kicked ben from #dev
          ana, ben hear: ana took ben out of #dev
          ana gets: 1 sessions
        > other logs in as other with the key of gil
          log: c3 is other, session 1
          other gets: logged in as other
          other gets unasked: in #lobby with 3
          ana, ben, other hear: other joined #lobby
        > other joins #dev
          other gets: in #dev with 2
          ana, other hear: other joined #dev
        > other kicks ana out of #dev
          other gets: refused: not_permitted
    ",
    );
}

#[test]
fn a_guest_who_becomes_an_accounts_user_has_its_roles() {
    story(
        r"
        > operator makes account ana: correct horse
        > ana connects
        > ana logs in to ana: correct horse
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > gil arrives
        > gil joins #dev
          gil gets: in #dev with 2
          ana, gil hear: gil joined #dev
        > ana quits
          gil hears: ana quit: good-bye
          ana is closed: good-bye
        > gil says to #dev: hi
          gil hears: gil in #dev: hi
          gil gets: ack
        > gil proves to be ana: correct horse
          log: c2 has proved to be ana
          gil gets: is proved to be ana
          gil hears: gil is logged in to ana
          gil hears: an operator made gil owner in #dev
        > gil proves to be ana: correct horse
          gil gets: is proved to be ana
        > gil becomes ana
          log: c2 gil is now ana
          gil hears: gil is now ana
          gil gets: done
    ",
    );
}

#[test]
fn nobody_becomes_the_user_of_an_account_that_is_in_use_or_with_others() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator makes account ben: correct horse
        > ana connects
        > ana logs in to ana: correct horse
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > gil arrives
        > gil proves to be ana: correct horse
          gil gets: refused: account_in_use
        > gil2 connects
        > gil2 logs in as gil with the key of gil
          log: c3 is gil, session 2
          gil2 gets: logged in again as gil
          gil2 gets unasked: in #lobby with 2
        > gil proves to be ben: correct horse
          gil gets: refused: other_sessions
        > operator gives T to ben for #dev
        > gil2 quits
          gil2 is closed: good-bye
        > gil proves to have T
          gil gets: refused: token_forbids
    ",
    );
}

#[test]
fn who_is_banned_as_the_account_does_not_become_its_user() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator makes account ben: correct horse
        > gil arrives
        > ben arrives as boss
        > ben joins #dev
          log: #dev opened
          ben gets: in #dev with 1
          ben hears: boss joined #dev
        > gil joins #dev
          gil gets: in #dev with 2
          ben, gil hear: gil joined #dev
        > ben bans account:ana in #dev
          log: c2 began ban of account:ana in #dev
          ben hears: boss began ban of account:ana in #dev
          ben gets: 0 sessions
        > gil proves to be ana: correct horse
          gil gets: refused: banned_from_room
        > gil leaves #dev
          ben, gil hear: gil left #dev
          gil gets: done
        > gil proves to be ana: correct horse
          log: c1 has proved to be ana
          gil gets: is proved to be ana
          ben, gil hear: gil is logged in to ana
        > operator bans account:ben
          log: an operator began ban of account:ben everywhere
          operator gets: 0 sessions
        > gil proves to be ben: correct horse
          gil gets: refused: banned
    ",
    );
}

#[test]
fn who_goes_from_one_account_to_another_leaves_the_first_what_it_had() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator makes account ben: correct horse
        > operator gives certificate C to ana
        > ana connects
        > ana shows certificate C
        > ana proves to have a certificate
          log: c1 has proved to be ana
          ana gets: is proved to be ana
        > ana logs in as ann
          log: c1 has a certificate of ana
          log: c1 is ann, session 1
          ana gets: logged in as ann to ana with 0 failed, without a key
          ana gets unasked: in #lobby with 1
          ana hears: ann joined #lobby
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ann joined #dev
        > ana proves to be ben: correct horse
          log: c1 has proved to be ben
          ana gets: is proved to be ben
          ana hears: ann is logged in to ben
          ana hears: an operator made ann nobody in #dev
        > ana sets topic-locked of #dev to on
          ana gets: refused: not_permitted
        > operator takes back certificate C
        > operator closes account ana
        > operator closes account ben
          log: #dev closed
          ana is closed: logged out
    ",
    );
}

#[test]
fn an_exchange_of_scram_is_counted_as_a_password_is() {
    story(
        r"
        > operator makes account ana: correct horse
        > ana connects
        > ana begins SCRAM as ana
          ana gets: a challenge of 4096 rounds
        > ana proves by SCRAM to be ana: correct horse
          log: c1 has proved to be ana
          ana gets: is proved to be ana by SCRAM
        > ana logs in as ann
          log: c1 is ann, session 1
          ana gets: logged in as ann to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ann joined #lobby
        > ana begins SCRAM as ana
          ana gets: a challenge of 4096 rounds
        > eve connects from 10.0.0.9
        > eve begins SCRAM as nobody
          eve gets: a challenge of 4096 rounds
        > eve proves by SCRAM to be nobody: wrong horse
          log: c2 may not log in to nobody: login_failed
          eve gets: refused: login_failed
        > eve proves by SCRAM to be ana: wrong horse
          log: c2 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves by SCRAM to be ana: wrong horse
          log: c2 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves by SCRAM to be ana: wrong horse
          log: c2 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves by SCRAM to be ana: wrong horse
          log: c2 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves by SCRAM to be ana: wrong horse
          log: c2 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves by SCRAM to be ana: wrong horse
          log: c2 may not log in to ana: login_failed
          eve gets: refused: login_failed
        > eve proves by SCRAM to be ana: correct horse
          log: c2 is slowed down at ana, 1 in all
          eve gets: refused: login_slowed for 1000 ms
        > eve proves to be ana: correct horse
          eve gets: refused: login_slowed for 1000 ms
    ",
    );
}

#[test]
fn a_ban_by_host_mask_finds_the_username_of_who_has_proved_an_account() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator makes account cho: battery staple
        > operator bans *!~spam@*
          log: an operator began ban of *!~spam@* everywhere
          operator gets: 0 sessions
        > ana connects
        > ana proves to be ana: correct horse
          log: c1 has proved to be ana
          ana gets: is proved to be ana
        > ana introduces herself as ana!~spam
          ana gets: refused: banned
        > ana introduces herself as ana!~ana
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
        > operator bans *!~u@*
          log: an operator began ban of *!~u@* everywhere
          operator gets: 0 sessions
        > cho connects
        > cho proves to be cho: battery staple
          log: c2 has proved to be cho
          cho gets: is proved to be cho
        > cho introduces herself as cho!~cho
          log: c2 is cho, session 1
          cho gets: logged in as cho to cho with 0 failed
        > cho2 connects
        > cho2 proves to be cho: battery staple
          log: c3 has proved to be cho
          cho2 gets: is proved to be cho
        > cho2 introduces herself as cho
          log: c3 is cho, session 2
          cho2 gets: logged in again as cho to cho with 0 failed
    ",
    );
}
