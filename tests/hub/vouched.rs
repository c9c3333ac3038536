//! Peers who are who the system says: an account is theirs by its name alone, and nobody else's.

use chatd::hub::settings::Settings;

use super::story::Story;
use chatd::hub::account::Require;

fn require(require: Require) -> impl FnOnce(&mut Settings) {
    move |settings| settings.require_account = require
}

#[test]
fn the_account_that_has_the_name_of_the_system_user_is_theirs() {
    let mut story = Story::with(require(Require::None));
    story.play(
        r"
        > operator makes account ana: correct horse
        > ana connects from the-user-ana
        > ana logs in as Ana
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
          log: c1 is trusted to be ana
        > ben connects from the-user-ben
        > ben logs in outside as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > eve connects from the-user-eve
        > eve logs in as ana
          eve gets: refused: nick_registered
        > ana2 connects from here
        > ana2 logs in as ana
          ana2 gets: refused: nick_registered
        > ana3 connects from the-user-ana
        > ana3 logs in outside as ana
          log: c5 is ana, session 2
          ana3 gets: logged in again as ana to ana with 0 failed
          ana3 gets unasked: in #lobby with 1
          log: c5 is trusted to be ana
    ",
    );
}

#[test]
fn no_account_is_made_for_a_system_user_who_must_have_one() {
    let mut story = Story::with(require(Require::All));
    story.play(
        r"
        > operator makes account ana: correct horse
        > ben connects from the-user-ben
        > ben logs in as ben
          ben gets: refused: account_required
        > ana connects from the-user-ana
        > ana logs in outside as ana
          log: c2 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          log: c2 is trusted to be ana
    ",
    );
}

#[test]
fn a_closed_account_stays_closed_and_guesses_are_in_nobodys_way() {
    let mut story = Story::with(|settings| settings.rate = 0.0);
    story.play_muted("operator makes account ana: correct horse");
    story.play_muted("eve connects from 127.0.0.1");
    for _ in 0..8 {
        story.play_muted("eve logs in to ana: wrong horse");
    }
    story.play(
        r"
        > ana connects from the-user-ana
        > ana logs in to ana: correct horse
          ana gets: refused: login_slowed for 1000 ms
        > ana logs in outside as ana
          log: c2 is ana, session 1
          ana gets: logged in as ana to ana with 6 failed
          log: c2 is trusted to be ana
        > operator closes account ana
          ana is closed: logged out
        > ana2 connects from the-user-ana
        > ana2 logs in as ana
          log: c3 may not log in to ana: account_disabled
          ana2 gets: refused: account_disabled
    ",
    );
}
