//! Server operators by a name and a password of the config.

use std::time::Duration;

use chatd::hub::oper::{Oper, OperPassword, PasswordHash};

use super::story::{Story, story};

fn with_opers() -> Story {
    let oper = |name: &str, password| Oper {
        name: name.to_owned(),
        password: OperPassword::Sha256(PasswordHash::of(password)),
    };
    Story::with(|settings| {
        settings.opers = vec![oper("root", "correct horse"), oper("ben", "battery")];
    })
}

#[test]
fn who_knows_a_name_and_its_password_keeps_order_until_they_go() {
    let mut story = with_opers();
    story.play(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ana says to be root: battery
          log: c1 ana is no server operator
          ana gets: refused: login_failed
        > ana says to be nobody: battery
          log: c1 ana is no server operator
          ana gets: refused: login_failed
        > ana tells all: hello
          ana gets: refused: not_permitted
        > ana says to be root: correct horse
          log: c1 ana is a server operator as root
          ana gets: modes [], a server operator
        > ben switches on wallops
          ben gets: modes [wallops]
        > ana tells all: hello
          ben hears: ana to all who want to hear it: hello
          ana gets: done
        > ben asks how many are here
          ben gets: 2 users of at most 2, 0 invisible, 1 operators, 0 unknown, 0 rooms
        > ana becomes eve
          log: c1 ana is now eve
          ana hears: ana is now eve
          ana gets: done
        > ana tells all: I still am
          ben hears: eve to all who want to hear it: I still am
          ana gets: done
        > ana quits
          ana is closed: good-bye
        > ben asks how many are here
          ben gets: 1 users of at most 2, 0 invisible, 0 operators, 0 unknown, 0 rooms
        > ana connects
        > ana introduces herself as eve
          log: c3 is eve, session 1
          ana gets: logged in as eve
        > ana tells all: hello
          ana gets: refused: not_permitted
    ",
    );
}

#[test]
fn where_the_config_has_no_operator_nobody_becomes_one() {
    story(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana says to be root: correct horse
          ana gets: refused: not_permitted
    ",
    );
}

#[test]
fn whoever_guesses_from_elsewhere_is_slowed_down_and_not_even_told_what_is_right() {
    let mut story = with_opers();
    story.settings(|settings| settings.rate = 0.0);
    story.play(
        r"
        > eve connects from 203.0.113.66
        > eve introduces herself as eve
          log: c1 is eve, session 1
          eve gets: logged in as eve
    ",
    );
    for _ in 0..11 {
        story.play(
            r"
            > eve says to be root: battery
              log: c1 eve is no server operator
              eve gets: refused: login_failed
        ",
        );
    }
    story.play(
        r"
        > eve says to be root: correct horse
          log: c1 is slowed down at a token's account, 1 in all
          eve gets: refused: login_slowed for 1000 ms
    ",
    );
    assert!(story.engine.now.uptime < Duration::from_secs(1));
    story.play(
        r"
        > 1s pass
        > eve says to be root: correct horse
          log: c1 eve is a server operator as root
          eve gets: modes [], a server operator
    ",
    );
}

#[test]
fn a_password_that_takes_long_to_compare_is_compared_elsewhere() {
    let mut story = with_opers();
    story.settings(|settings| {
        settings.opers.push(Oper {
            name: "slow".to_owned(),
            password: OperPassword::Argon2("$argon2id$tea with lemon".into()),
        });
    });
    story.play(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana says to be slow: battery
          log: c1 ana is no server operator
          ana gets: refused: login_failed
        > ana says to be ben: tea with lemon
          log: c1 ana is no server operator
          ana gets: refused: login_failed
        > ana says to be ben: battery
          log: c1 ana is a server operator as ben
          ana gets: modes [], a server operator
        > ana quits
          ana is closed: good-bye
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ben says to be slow: tea with lemon
          log: c2 ben is a server operator as slow
          ben gets: modes [], a server operator
    ",
    );
}

#[test]
fn who_became_an_operator_by_a_password_may_resign() {
    let mut story = with_opers();
    story.play(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana resigns
          ana gets: modes []
        > ana says to be root: correct horse
          log: c1 ana is a server operator as root
          ana gets: modes [], a server operator
        > ana resigns
          log: c1 ana has resigned
          ana gets: done
        > ana tells all: hello
          ana gets: refused: not_permitted
        > operator makes account ben: correct horse
        > operator makes ben a server operator
        > ben connects
        > ben logs in to ben: correct horse
          log: c2 is ben, session 1
          ben gets: logged in as ben to ben with 0 failed
          ben gets unasked: in #lobby with 1
          ben hears: ben joined #lobby
        > ben resigns
          ben gets: modes [], a server operator
    ",
    );
}
