//! Changing one's own password, and who that logs out.

use super::story::{Story, story};

#[test]
fn a_new_password_ends_the_other_sessions_and_their_key_but_no_token() {
    Story::kept().play(
        r"
        > operator makes account ana: old-secret
        > operator gives T to ana for everything
        > ana connects
        > ana logs in to stay to ana: old-secret
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > thief connects
        > thief logs in to stay to ana: old-secret
          log: c2 is ana, session 2
          thief gets: logged in again as ana to ana with 0 failed
          thief gets unasked: in #lobby with 1
        > bot connects
        > bot logs in with T
          log: c3 is ana, session 3
          bot gets: logged in again as ana to ana with 0 failed, without a key
          bot gets unasked: in #lobby with 1
        > ana changes the password from old-secret: new-secret
          log: c1 changed the password of ana
          thief is closed: logged out
          ana gets: done
        > ana2 connects
        > ana2 logs in as ana with the key of ana
          ana2 gets: refused: wrong_key
        > ana2 logs in to ana: new-secret
          log: c4 is ana, session 3
          ana2 gets: logged in again as ana to ana with 0 failed
          ana2 gets unasked: in #lobby with 1
        > bot pings
          bot gets: pong
    ",
    );
}

#[test]
fn who_has_no_account_or_a_restricted_token_or_a_bad_new_one_changes_nothing() {
    story(
        r"
        > operator makes account ci: old-secret
        > operator gives T to ci to send to #builds
        > ana arrives
        > ana changes the password from old-secret: new-secret
          ana gets: refused: no_account
        > bot connects
        > bot changes the password from old-secret: new-secret
          bot gets: refused: not_logged_in
        > bot logs in with T
          log: c2 is ci, session 1
          bot gets: logged in as ci to ci with 0 failed, without a key
        > bot changes the password from old-secret: new-secret
          bot gets: refused: token_forbids
        > ci connects
        > ci logs in to ci: old-secret
          log: c3 is ci, session 2
          ci gets: logged in again as ci to ci with 0 failed
        > ci changes the password from old-secret: short
          ci gets: refused: bad_password
    ",
    );
}

#[test]
fn guesses_at_the_old_password_are_slowed_as_logins_are() {
    let mut story = Story::with(|_| {});
    story.play_muted("operator makes account ana: old-secret");
    story.play_muted("ana connects");
    story.play_muted("ana logs in to ana: old-secret");
    let slowed = (0..100).any(|_| {
        let seen = story.play_muted("ana changes the password from a-guess: new-secret");
        format!("{seen:?}").contains("LoginSlowed")
    });
    assert!(slowed, "a hundred guesses at once");
}
