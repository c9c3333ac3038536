//! Connections that a gateway has opened for somebody: they count for whoever is behind them, and use up nothing
//! of the gateway's own.

use super::story::Story;

#[test]
fn limits_and_bans_are_about_who_is_behind_a_gateway() {
    let mut story = Story::with(|settings| {
        settings.max_connections_per_ip = 1;
        settings.connects_per_minute = 2;
    });
    story.play(
        r"
        > ana connects from 198.51.100.1
        > ana is introduced from 203.0.113.1
        > ana logs in outside as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects from 198.51.100.1
        > ben is introduced from 203.0.113.2
        > ben logs in outside as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > cho connects from 198.51.100.1
        > cho is introduced from 203.0.113.1
          cho is closed: too many from address
        > dee connects from 203.0.113.1
          dee is closed: too many from address
        > eve connects from 198.51.100.1
        > fay connects from 198.51.100.1
          fay is closed: too many from address
        > eve drops
        > gus connects from 198.51.100.1
        > gus drops
        > hal connects from 198.51.100.1
          hal is closed: too fast from address
    ",
    );
}

#[test]
fn a_ban_finds_who_is_behind_a_gateway() {
    let mut story = Story::with(|_| {});
    story.play(
        r"
        > operator bans 203.0.113.0/24
          log: an operator began ban of 203.0.113.0/24 everywhere
          operator gets: 0 sessions
        > ana connects from 198.51.100.1
        > ana is introduced from 203.0.113.9
          ana is closed: banned
        > ben connects from 198.51.100.1
        > ben is introduced from 192.0.2.9
        > ben logs in outside as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
    ",
    );
}

#[test]
fn what_the_gateway_proves_is_no_proof_of_who_is_behind_it() {
    let mut story = Story::with(|_| {});
    story.play(
        r"
        > operator makes account gate: correct horse
        > operator gives certificate gate-card to gate
        > ana connects from 198.51.100.1
        > ana shows certificate gate-card
        > ana is introduced from 203.0.113.9
        > ana logs in by certificate
          ana gets: refused: no_certificate
    ",
    );
}

#[test]
fn nobody_moves_once_they_are_somebody() {
    let mut story = Story::with(|settings| settings.max_connections_per_ip = 1);
    story.play(
        r"
        > ana connects from 198.51.100.1
        > ana logs in outside as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana is introduced from 203.0.113.9
        > ben connects from 203.0.113.9
        > cho connects from 198.51.100.1
          cho is closed: too many from address
    ",
    );
}
