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
