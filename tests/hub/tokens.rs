//! Tokens: what a bot's session may do, hear and know, beside the account's own sessions.

use super::story::{Story, story};

#[test]
fn a_token_that_only_sends_hears_nothing_and_asks_nothing() {
    story(
        r"
        > operator makes account ci: correct horse
        > operator gives T to ci to send to #builds
        > ana arrives
        > ana joins #builds
          log: #builds opened
          ana gets: in #builds with 1
          ana hears: ana joined #builds
        > bot connects
        > bot logs in with T
          log: c2 is ci, session 1
          bot gets: logged in as ci to ci with 0 failed, without a key
        > bot joins #builds
          bot gets: in #builds with 2
          ana hears: ci joined #builds
        > bot says to #builds: green
          ana hears: ci in #builds: green
          bot gets: ack
        > ana says to #builds: good
          ana hears: ana in #builds: good
          ana gets: ack
        > ana says to ci: are you there
          ana hears: ana to ci: are you there
          ana gets: ack
        > bot joins #lobby
          bot gets: refused: token_forbids
        > bot says to #lobby: red
          bot gets: refused: token_forbids
        > bot says to ana: red
          bot gets: refused: token_forbids
        > bot asks for names in #builds
          bot gets: refused: token_forbids
        > bot asks for users
          bot gets: refused: token_forbids
        > bot reads #builds
          bot gets: refused: token_forbids
        > bot becomes other
          bot gets: refused: token_forbids
        > bot pings
          bot gets: pong
        > operator announces: maintenance
          ana, bot hear: notice: maintenance
          operator gets: 2 sessions
    ",
    );
}

#[test]
fn a_token_beside_its_owner_learns_of_its_own_rooms_only() {
    story(
        r"
        > operator makes account ana: correct horse
        > operator gives T to ana for #builds
        > ana connects
        > ana logs in to ana: correct horse
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > bot connects
        > bot logs in with T
          log: c2 is ana, session 2
          bot gets: logged in again as ana to ana with 0 failed, without a key
        > ana joins #secret
          log: #secret opened
          ana gets: in #secret with 1
          ana hears: ana joined #secret
        > ana joins #builds
          log: #builds opened
          ana gets: in #builds with 1
          bot gets unasked: in #builds with 1
          ana, bot hear: ana joined #builds
        > ana says to #secret: hush
          ana hears: ana in #secret: hush
          ana gets: ack
        > ben arrives
        > ben says to ana: hush
          ana, ben hear: ben to ana: hush
          ben gets: ack
        > ana says to #builds: green
          ana, bot hear: ana in #builds: green
          ana gets: ack
        > bot says to #secret: hush
          bot gets: refused: token_forbids
        > ana leaves #secret
          ana hears: ana left #secret
          log: #secret closed
          ana gets: done
    ",
    );
}

#[test]
fn a_token_without_limits_is_as_good_as_the_password_until_it_is_taken_back() {
    story(
        r"
        > operator makes account ci: correct horse
        > operator gives T to ci for everything
        > bot connects
        > bot logs in with T
          log: c1 is ci, session 1
          bot gets: logged in as ci to ci with 0 failed, without a key
          bot gets unasked: in #lobby with 1
          bot hears: ci joined #lobby
        > bot asks for users
          bot gets: users [ci]
        > operator takes back T
          bot is closed: logged out
        > bot connects
        > bot logs in with T
          log: c2 may not log in to a token's account: login_failed
          bot gets: refused: login_failed
    ",
    );
}

#[test]
fn a_token_with_limits_changes_nothing_that_was_said() {
    Story::kept().play(
        r"
        > operator makes account joe: correct horse
        > operator gives S to joe to send to everything
        > operator gives R to joe for #lobby
        > operator gives T to joe for everything
        > joe connects
        > joe logs in to joe: correct horse
          log: c1 is joe, session 1
          joe gets: logged in as joe to joe with 0 failed
          joe gets unasked: in #lobby with 1
          joe hears: joe joined #lobby
        > joe says to #lobby: by joe
          joe hears: joe in #lobby: by joe
          joe gets: ack
        > bot connects
        > bot logs in with S
          log: c2 is joe, session 2
          bot gets: logged in again as joe to joe with 0 failed, without a key
          bot gets unasked: in #lobby with 1
        > bot edits 1: by the bot
          bot gets: refused: token_forbids
        > bot deletes 1
          bot gets: refused: token_forbids
        > bot2 connects
        > bot2 logs in with R
          log: c3 is joe, session 3
          bot2 gets: logged in again as joe to joe with 0 failed, without a key
          bot2 gets unasked: in #lobby with 1
        > bot2 deletes 1
          bot2 gets: refused: token_forbids
        > bot3 connects
        > bot3 logs in with T
          log: c4 is joe, session 4
          bot3 gets: logged in again as joe to joe with 0 failed, without a key
          bot3 gets unasked: in #lobby with 1
        > bot3 edits 1: by a token without limits
          bot2, bot3, joe hear: joe edited in #lobby: by a token without limits
          bot3 gets: ack
    ",
    );
}

#[test]
fn a_bot_that_comes_and_goes_leaves_its_owners_place() {
    Story::kept().play(
        r"
        > operator makes account kay: correct horse
        > operator gives S to kay to send to everything
        > cy arrives
        > kay connects
        > kay logs in to stay to kay: correct horse
          log: c2 is kay, session 1
          kay gets: logged in as kay to kay with 0 failed
          kay gets unasked: in #lobby with 2
          cy, kay hear: kay joined #lobby
        > bot connects
        > bot logs in with S
          log: c3 is kay, session 2
          bot gets: logged in again as kay to kay with 0 failed, without a key
          bot gets unasked: in #lobby with 2
        > kay drops
          log: c2 kay keeps their place
        > bot drops
        > bot connects
        > bot logs in with S
          log: c4 is kay, session 1
          bot gets: logged in again as kay to kay with 0 failed, without a key
          bot gets unasked: in #lobby with 2
        > bot drops
        > kay2 connects
        > kay2 comes back as kay with the key of kay
          log: c5 is kay, session 1
          kay2 gets: logged in again as kay to kay with 0 failed
          kay2 gets unasked: in #lobby with 2
        > kay2 quits
          cy hears: kay quit: good-bye
          kay2 is closed: good-bye
    ",
    );
}

#[test]
fn a_place_that_runs_out_beside_a_bot_ends_nobody() {
    let mut story = Story::kept();
    story.play(
        r"
        > operator makes account kay: correct horse
        > operator gives S to kay to send to everything
        > cy arrives
        > kay connects
        > kay logs in to stay to kay: correct horse
          log: c2 is kay, session 1
          kay gets: logged in as kay to kay with 0 failed
          kay gets unasked: in #lobby with 2
          cy, kay hear: kay joined #lobby
        > bot connects
        > bot logs in with S
          log: c3 is kay, session 2
          bot gets: logged in again as kay to kay with 0 failed, without a key
          bot gets unasked: in #lobby with 2
        > kay drops
          log: c2 kay keeps their place
        > 3600s pass
          log: kay did not come back
        > bot says to #lobby: still here
          cy hears: kay in #lobby: still here
          bot gets: ack
        > bot drops
          cy hears: kay quit: closed
        > kay connects
        > kay logs in to stay to kay: correct horse
          log: c4 is kay, session 1
          kay gets: logged in as kay to kay with 0 failed
          kay gets unasked: in #lobby with 2
          cy, kay hear: kay joined #lobby
        > bot connects
        > bot logs in with S
          log: c5 is kay, session 2
          bot gets: logged in again as kay to kay with 0 failed, without a key
          bot gets unasked: in #lobby with 2
        > kay drops
          log: c4 kay keeps their place
        > operator closes account kay
          log: kay did not come back
          cy hears: kay quit: logged out
          bot is closed: logged out
    ",
    );
}
