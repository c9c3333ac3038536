//! What ends a login that was good, and that nothing of it lasts longer.

use chatd::hub::account::Registration;

use super::story::Story;

/// With a history and registration for everybody.
fn open() -> Story {
    let mut story = Story::with(|settings| settings.registration = Registration::Open);
    story.engine.keep();
    story
}

#[test]
fn whoever_shares_the_key_of_who_registers_is_ended() {
    open().play(
        r"
        > ana arrives
        > bob connects
        > bob logs in as bob with the key of ana
          log: c2 is bob, session 1
          bob gets: logged in as bob
          bob gets unasked: in #lobby with 2
          ana, bob hear: bob joined #lobby
        > cy connects
        > cy logs in to stay as cy
          log: c3 is cy, session 1
          cy gets: logged in as cy
          cy gets unasked: in #lobby with 3
          ana, bob, cy hear: cy joined #lobby
        > dan connects
        > dan comes back as dan with the key of ana
          log: c4 is dan, session 1
          dan gets: logged in as dan
          dan gets unasked: in #lobby with 4
          ana, bob, cy, dan hear: dan joined #lobby
        > dan drops
          log: c4 dan keeps their place
        > ana registers: correct horse
          log: c1 registered ana
          ana, cy hear: bob quit: logged out
          bob is closed: logged out
          log: dan did not come back
          ana, cy hear: dan quit: logged out
          ana, cy hear: ana is logged in to ana
          ana gets: registered as ana
        > bob connects
        > bob logs in as bob with the key of ana
          bob gets: refused: key_of_account
        > operator closes account ana
          cy hears: ana quit: logged out
          ana is closed: logged out
    ",
    );
}

#[test]
fn who_registers_and_goes_meanwhile_leaves_the_account_to_the_user() {
    open().play(
        r"
        > gil arrives
        > gil2 connects
        > gil2 logs in as gil with the key of gil
          log: c2 is gil, session 2
          gil2 gets: logged in again as gil
          gil2 gets unasked: in #lobby with 1
        > cy arrives
        > the store takes its time
        > gil registers: correct horse
        > gil drops
        > the registry answers
          log: c1 registered gil
          cy, gil2 hear: gil is logged in to gil
        > gil2 registers: another horse
          gil2 gets: refused: already_registered
        > operator closes account gil
          cy hears: gil quit: logged out
          gil2 is closed: logged out
    ",
    );
}

#[test]
fn a_place_that_is_kept_is_the_accounts_when_that_is_made() {
    open().play(
        r"
        > gil connects
        > gil logs in to stay as gil
          log: c1 is gil, session 1
          gil gets: logged in as gil
          gil gets unasked: in #lobby with 1
          gil hears: gil joined #lobby
        > the store takes its time
        > gil registers: correct horse
        > gil drops
          log: c1 gil keeps their place
        > cy arrives
        > the registry answers
          log: c1 registered gil
          cy hears: gil is logged in to gil
        > operator closes account gil
          log: gil did not come back
          cy hears: gil quit: logged out
        > gil2 connects
        > gil2 logs in as other with the key of gil
          gil2 gets: refused: key_of_account
    ",
    );
}

#[test]
fn who_has_taken_the_nick_of_an_account_that_was_made_behind_its_owner_is_told() {
    open().play(
        r"
        > gil arrives
        > the store takes its time
        > gil registers: correct horse
        > gil drops
        > eve connects
        > eve logs in as gil
          log: c2 is gil, session 1
          eve gets: logged in as gil
          eve gets unasked: in #lobby with 1
          eve hears: gil joined #lobby
        > the registry answers
          log: c1 registered gil
          eve hears: gil is registered
    ",
    );
}

#[test]
fn a_token_leaves_no_key_and_no_place_behind() {
    open().play(
        r"
        > operator makes account ci: correct horse
        > operator gives T to ci for everything
        > bot connects
        > bot logs in to stay with T
          log: c1 is ci, session 1
          bot gets: logged in as ci to ci with 0 failed, without a key
          bot gets unasked: in #lobby with 1
          bot hears: ci joined #lobby
        > cy arrives
        > bot drops
          cy hears: ci quit: closed
        > bot connects
        > bot logs in to stay with T
          log: c3 is ci, session 1
          bot gets: logged in as ci to ci with 0 failed, without a key
          bot gets unasked: in #lobby with 2
          bot, cy hear: ci joined #lobby
        > operator takes back T
          cy hears: ci quit: logged out
          bot is closed: logged out
    ",
    );
}

#[test]
fn a_session_ends_when_its_token_expires() {
    open().play(
        r"
        > operator makes account ci: correct horse
        > operator gives T to ci for everything
        > operator gives U to ci for everything
        > operator lets T expire in 60s
        > operator lets U expire in 90s
        > 20s pass
        > bot connects
        > bot logs in with T
          log: c1 is ci, session 1
          bot gets: logged in as ci to ci with 0 failed, without a key
          bot gets unasked: in #lobby with 1
          bot hears: ci joined #lobby
        > other connects
        > other logs in with U
          log: c2 is ci, session 2
          other gets: logged in again as ci to ci with 0 failed, without a key
          other gets unasked: in #lobby with 1
        > third connects
        > third logs in with T
          log: c3 is ci, session 3
          third gets: logged in again as ci to ci with 0 failed, without a key
          third gets unasked: in #lobby with 1
        > third drops
        > 39999ms pass
        > bot pings
          bot gets: pong
        > 1ms pass
          bot is closed: logged out
        > bot connects
        > bot logs in with T
          log: c4 may not log in to a token's account: login_failed
          bot gets: refused: login_failed
        > bot drops
        > cy arrives
        > the clock steps back 60s
        > 29999ms pass
        > other pings
          other gets: pong
        > 1ms pass
          cy hears: ci quit: logged out
          other is closed: logged out
    ",
    );
}

#[test]
fn a_removed_account_is_not_reached_by_its_old_key() {
    open().play(
        r"
        > ana arrives
        > ana registers: correct horse
          log: c1 registered ana
          ana hears: ana is logged in to ana
          ana gets: registered as ana
        > operator removes account ana
          ana is closed: logged out
        > eve connects
        > eve logs in as eve with the key of ana
          eve gets: refused: key_of_account
        > eve logs in as ana
          log: c2 is ana, session 1
          eve gets: logged in as ana
          eve gets unasked: in #lobby with 1
          eve hears: ana joined #lobby
    ",
    );
}
