//! Tokens: what a bot's session may do, hear and know, beside the account's own sessions.

use super::story::story;

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
          log: c2 may not log in: login_failed
          bot gets: refused: login_failed
    ",
    );
}
