//! Whose account an IRC client is: SASL in all its ways, `PASS` and `REGISTER`, as lines back and forth.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chatd::hub::account::Registration;
use chatd::hub::settings::Settings;

use super::stage::{Heard, Stage};
use crate::support::registrar::PROOF;

/// A stage with the accounts ana and ben, whose passwords are `correct horse`.
fn stage() -> Stage {
    let mut stage = Stage::new(Settings {
        registration: Registration::Open,
        register_before_login: true,
        ..Settings::default()
    });
    for name in ["ana", "ben"] {
        stage.change_account(|registrar| registrar.add(name, "correct horse"));
    }
    stage
}

/// What a client hears when it sends these lines in one piece.
fn say(stage: &mut Stage, who: &str, lines: &[&str]) -> Vec<String> {
    let bytes: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    stage.take_heard();
    stage.receive(who, bytes.as_bytes());
    let heard = stage.take_heard().into_iter();
    heard.filter_map(|heard| line_to(who, heard)).collect()
}

fn line_to(who: &str, heard: Heard) -> Option<String> {
    match heard {
        Heard::Line { client, line } if client == who => Some(line.trim_end().to_owned()),
        Heard::Line { .. } => None,
        Heard::Closed { client } => (client == who).then(|| "closed".to_owned()),
    }
}

/// The first words of each line, without who says it.
fn words(lines: &[String], count: usize) -> Vec<String> {
    let line = |line: &String| {
        let rest = line.split_once(' ').map_or("", |(_, rest)| rest);
        rest.split(' ').take(count).collect::<Vec<_>>().join(" ")
    };
    lines.iter().map(line).collect()
}

fn response(text: &str) -> String {
    format!("AUTHENTICATE {}", STANDARD.encode(text))
}

fn has_code(lines: &[String], code: &str) -> bool {
    words(lines, 1).iter().any(|word| word == code)
}

fn is_closed(lines: &[String]) -> bool {
    lines.last().is_some_and(|line| line == "closed")
}

#[test]
fn a_client_that_says_all_at_once_is_logged_in_before_it_comes_in() {
    let mut stage = stage();
    stage.connect_irc("one");
    let password = response("\0ana\0correct horse");
    let all = [
        "CAP LS 302",
        "CAP REQ sasl",
        "NICK ann",
        "USER ann 0 * :Ann",
        "AUTHENTICATE PLAIN",
        &password,
        "CAP END",
    ];
    let heard = say(&mut stage, "one", &all);
    let offers = |it: &String| it.contains(" sasl=PLAIN,SCRAM-SHA-256");
    assert!(heard.iter().any(offers), "{heard:#?}");
    let told = words(&heard, 2);
    let at = told.iter().position(|it| it == "AUTHENTICATE +").unwrap();
    assert_eq!(told[at + 1..at + 4], ["900 *", "903 *", "001 ann"]);
    let in_as = ":chatd 900 * *!*@* ana :You are now logged in as ana";
    assert_eq!(heard[at + 1], in_as);
    // A second one is the same user, whatever it wants to be called.
    stage.connect_irc("two");
    let all = [
        "CAP LS 302",
        "NICK other",
        "USER x 0 * :x",
        "AUTHENTICATE PLAIN",
        &password,
        "CAP END",
    ];
    let heard = say(&mut stage, "two", &all);
    let is_ann = words(&heard, 2).contains(&"001 ann".to_owned());
    assert!(is_ann, "{heard:#?}");
}

#[test]
fn what_is_not_true_fails_and_may_be_tried_again() {
    let mut stage = stage();
    stage.connect_irc("ana");
    let mut fails = |line: &str| {
        let heard = say(&mut stage, "ana", &["AUTHENTICATE PLAIN", line]);
        assert_eq!(words(&heard, 2), ["AUTHENTICATE +", "904 *"], "{line}");
    };
    fails(&response("\0ana\0wrong horse"));
    fails(&response("\0nobody\0correct horse"));
    fails(&response("ben\0ana\0correct horse"));
    fails(&response("\0a b\0correct horse"));
    fails("AUTHENTICATE !!!");
    fails("AUTHENTICATE +");
    let too_long = format!("AUTHENTICATE {}", "A".repeat(401));
    let heard = say(&mut stage, "ana", &["AUTHENTICATE PLAIN", &too_long]);
    assert_eq!(words(&heard, 2), ["AUTHENTICATE +", "905 *"]);
    let given_up = ["AUTHENTICATE PLAIN", "AUTHENTICATE *"];
    let heard = say(&mut stage, "ana", &given_up);
    assert_eq!(words(&heard, 2), ["AUTHENTICATE +", "906 *"]);
    for unknown in ["AUTHENTICATE FOO", "AUTHENTICATE EXTERNAL"] {
        let heard = say(&mut stage, "ana", &[unknown]);
        let expected = ["908 * PLAIN,SCRAM-SHA-256", "904 * :SASL"];
        assert_eq!(words(&heard, 3), expected);
    }
    let right = response("\0ana\0correct horse");
    let heard = say(&mut stage, "ana", &["AUTHENTICATE plain", &right]);
    assert_eq!(words(&heard, 2), ["AUTHENTICATE +", "900 *", "903 *"]);
}

#[test]
fn whoever_comes_in_amid_an_exchange_has_given_it_up() {
    let mut stage = stage();
    stage.connect_irc("gil");
    let lines = ["NICK gil", "AUTHENTICATE PLAIN", "USER gil 0 * :Gil"];
    let heard = say(&mut stage, "gil", &lines);
    let expected = ["AUTHENTICATE +", "906 *", "001 gil"];
    assert_eq!(words(&heard, 2)[..3], expected);
}

#[test]
fn scram_ends_with_the_servers_signature_and_the_clients_word() {
    let mut stage = stage();
    stage.connect_irc("ana");
    let first = response("n,,n=ana,r=abc");
    let begin = ["AUTHENTICATE SCRAM-SHA-256", &first];
    let heard = say(&mut stage, "ana", &begin);
    let challenge = heard[1].strip_prefix(":chatd AUTHENTICATE ").unwrap();
    let challenge = String::from_utf8(STANDARD.decode(challenge).unwrap()).unwrap();
    let (nonce, rest) = challenge.split_once(",s=").unwrap();
    let is_whole = nonce.starts_with("r=abc") && rest.ends_with(",i=4096");
    assert!(is_whole, "{challenge}");
    let last = |proof: [u8; 32]| {
        let proof = STANDARD.encode(proof);
        response(&format!("c=biws,{nonce},p={proof}"))
    };
    let heard = say(&mut stage, "ana", &[&last([0; 32])]);
    assert_eq!(words(&heard, 2), ["904 *"]);
    say(&mut stage, "ana", &begin);
    let heard = say(&mut stage, "ana", &[&last(PROOF)]);
    let signature = STANDARD.encode(format!("v={}", STANDARD.encode([7; 32])));
    assert_eq!(heard, [format!(":chatd AUTHENTICATE {signature}")]);
    let heard = say(&mut stage, "ana", &["AUTHENTICATE +"]);
    assert_eq!(words(&heard, 2), ["900 *", "903 *"]);
    // Who does not believe the server does not stay as somebody whom it believes.
    say(&mut stage, "ana", &begin);
    say(&mut stage, "ana", &[&last(PROOF)]);
    let heard = say(&mut stage, "ana", &["AUTHENTICATE *"]);
    assert!(has_code(&heard, "906") && is_closed(&heard), "{heard:#?}");
}

#[test]
fn who_is_here_logs_in_and_those_around_are_told() {
    let mut stage = stage();
    for who in ["gil", "cho"] {
        stage.connect_irc(who);
        let nick = format!("NICK {who}");
        let lines = [
            "CAP REQ :account-notify account-tag message-tags",
            "CAP END",
            &nick,
            "USER x 0 * :x",
            "JOIN #a",
        ];
        say(&mut stage, who, &lines);
    }
    stage.take_heard();
    let password = response("\0ana\0correct horse");
    let login = format!("AUTHENTICATE PLAIN\r\n{password}\r\n");
    stage.receive("gil", login.as_bytes());
    let heard = stage.take_heard();
    let told = |who: &str, text: &str| {
        let is_it = |it: &Heard| matches!(it, Heard::Line { client, line } if client == who && line.contains(text));
        heard.iter().any(is_it)
    };
    assert!(told("cho", " ACCOUNT ana"), "{heard:#?}");
    assert!(told("gil", " 900 gil gil!~x@localhost ana :"), "{heard:#?}");
    let heard = say(&mut stage, "gil", &["PERSISTENCE GET"]);
    assert_eq!(words(&heard, 3), ["PERSISTENCE STATUS DEFAULT"]);
    stage.receive("gil", b"PRIVMSG #a :hi\r\n");
    let heard = stage.take_heard().into_iter();
    let lines: Vec<String> = heard.filter_map(|it| line_to("cho", it)).collect();
    assert!(lines[0].contains("account=ana"), "{lines:#?}");
}

#[test]
fn an_account_with_pass_is_enough() {
    let mut stage = stage();
    stage.connect_irc("ana");
    let lines = ["PASS :ana:correct horse", "NICK ann", "USER x 0 * :x"];
    let heard = say(&mut stage, "ana", &lines);
    assert_eq!(words(&heard, 2)[..2], ["900 *", "001 ann"]);
    stage.connect_irc("eve");
    let lines = ["PASS ana:wrong", "NICK eve", "USER x 0 * :x"];
    let heard = say(&mut stage, "eve", &lines);
    let is_in = has_code(&heard, "001");
    assert!(has_code(&heard, "464") && !is_in, "{heard:#?}");
    assert!(is_closed(&heard), "{heard:#?}");
}

#[test]
fn an_account_is_made_before_and_after_the_client_comes_in() {
    let mut stage = stage();
    stage.connect_irc("gil");
    let heard = say(&mut stage, "gil", &["REGISTER * * correct-horse"]);
    assert_eq!(words(&heard, 3), ["FAIL REGISTER NEED_NICK"]);
    let heard = say(&mut stage, "gil", &["CAP LS 302"]);
    let offers = |it: &String| it.contains(" draft/account-registration=before-connect");
    assert!(heard.iter().any(offers), "{heard:#?}");
    let lines = [
        "NICK gil",
        "REGISTER cho * correct-horse",
        "REGISTER * * short",
        "REGISTER gil a@b.c correct-horse",
        "REGISTER * * correct-horse",
        "USER x 0 * :x",
        "CAP END",
    ];
    let heard = say(&mut stage, "gil", &lines);
    let expected = [
        "FAIL REGISTER ACCOUNT_NAME_MUST_BE_NICK",
        "FAIL REGISTER WEAK_PASSWORD",
        "REGISTER SUCCESS gil",
        "900 * *!*@*",
        "FAIL REGISTER ALREADY_AUTHENTICATED",
        "001 gil :Welcome",
    ];
    assert_eq!(words(&heard, 3)[..expected.len()], expected);
    stage.connect_irc("dan");
    let lines = ["NICK gil", "REGISTER * * correct-horse"];
    let heard = say(&mut stage, "dan", &lines);
    assert_eq!(words(&heard, 3), ["FAIL REGISTER ACCOUNT_EXISTS"]);
    say(&mut stage, "dan", &["NICK dan", "USER x 0 * :x"]);
    let heard = say(&mut stage, "dan", &["PERSISTENCE GET"]);
    assert_eq!(words(&heard, 3), ["FAIL PERSISTENCE ACCOUNT_REQUIRED"]);
    let heard = say(&mut stage, "dan", &["REGISTER dan * correct-horse"]);
    let expected = ["REGISTER SUCCESS dan", "900 dan dan!~x@localhost"];
    assert_eq!(words(&heard, 3), expected);
    let heard = say(&mut stage, "dan", &["PERSISTENCE GET"]);
    assert_eq!(words(&heard, 3), ["PERSISTENCE STATUS DEFAULT"]);
    let heard = say(&mut stage, "dan", &["VERIFY dan 1234"]);
    assert_eq!(words(&heard, 3), ["FAIL VERIFY INVALID_CODE"]);
}

#[test]
fn an_account_is_made_after_the_connection_where_the_config_says_so() {
    let mut stage = Stage::new(Settings {
        registration: Registration::Open,
        ..Settings::default()
    });
    stage.connect_irc("gil");
    let lines = ["NICK gil", "REGISTER * * correct-horse"];
    let heard = say(&mut stage, "gil", &lines);
    let expected = "FAIL REGISTER COMPLETE_CONNECTION_REQUIRED";
    assert_eq!(words(&heard, 3), [expected]);
}

#[test]
fn where_the_server_has_a_password_nobody_comes_in_without() {
    let mut stage = stage();
    stage.want_password("open sesame");
    let all = ["NICK kim", "USER kim 0 * :Kim"];
    for (number, pass) in [
        None,
        Some("PASS :open sesam"),
        Some("PASS :ana:correct horse"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("out{number}");
        stage.connect_irc(&name);
        let lines: Vec<&str> = pass.into_iter().chain(all).collect();
        let heard = say(&mut stage, &name, &lines);
        assert!(has_code(&heard, "464"), "{heard:#?}");
        assert!(
            heard.iter().any(|it| it.starts_with("ERROR :")),
            "{heard:#?}"
        );
        assert!(!has_code(&heard, "001") && is_closed(&heard), "{heard:#?}");
    }
    stage.connect_irc("late");
    let late = [all[0], all[1], "PASS :open sesame"];
    let heard = say(&mut stage, "late", &late);
    assert!(!has_code(&heard, "001") && is_closed(&heard), "{heard:#?}");
    stage.connect_irc("in");
    let lines = ["PASS :open sesame", all[0], all[1]];
    let heard = say(&mut stage, "in", &lines);
    assert!(has_code(&heard, "001"), "{heard:#?}");
    stage.connect_irc("ana");
    let both = [
        "PASS :ana:correct horse",
        "PASS :open sesame",
        "NICK ann",
        "USER ann 0 * :Ann",
    ];
    let heard = say(&mut stage, "ana", &both);
    assert!(
        has_code(&heard, "900") && has_code(&heard, "001"),
        "{heard:#?}"
    );
}

#[test]
fn a_client_that_negotiates_may_say_the_servers_password_until_it_is_done() {
    let mut stage = stage();
    stage.want_password("open sesame");
    stage.connect_irc("one");
    let heard = say(
        &mut stage,
        "one",
        &["CAP LS 302", "NICK kim", "USER kim 0 * :Kim"],
    );
    assert!(!has_code(&heard, "464"), "{heard:#?}");
    let heard = say(&mut stage, "one", &["PASS :open sesame", "CAP END"]);
    assert!(has_code(&heard, "001"), "{heard:#?}");
}

#[test]
fn whoever_has_spent_all_they_may_ask_for_is_welcomed_all_the_same() {
    let mut stage = Stage::new(Settings {
        burst: 3.0,
        ..Settings::default()
    });
    stage.connect_irc("ana");
    let heard = say(&mut stage, "ana", &["NICK ana", "USER ana 0 * :Ana"]);
    assert!(
        has_code(&heard, "001") && has_code(&heard, "376"),
        "{heard:#?}"
    );
    stage.pass(Duration::from_secs(1));
    let heard = say(&mut stage, "ana", &["PING x"]);
    assert!(has_code(&heard, "PONG"), "{heard:#?}");
}

#[test]
fn batches_with_labels_leave_nothing_open() {
    let mut stage = Stage::new(Settings {
        rate: 0.0,
        ..Settings::default()
    });
    stage.connect_irc("ana");
    let hello = [
        "CAP REQ :labeled-response batch draft/multiline",
        "NICK ana",
        "USER ana 0 * :Ana",
        "CAP END",
        "JOIN #tea",
    ];
    say(&mut stage, "ana", &hello);
    let open = "@label=a BATCH +x draft/multiline #tea";
    assert_eq!(say(&mut stage, "ana", &[open]), [""; 0]);
    let text = "@batch=x PRIVMSG #tea :one";
    let heard = say(&mut stage, "ana", &[text, "@label=b BATCH -x"]);
    let acks = ["@label=a :chatd ACK", "@label=b :chatd ACK"];
    assert_eq!(heard, acks);
    assert_eq!(say(&mut stage, "ana", &[open]), [""; 0]);
    let heard = say(&mut stage, "ana", &["CAP REQ -draft/multiline"]);
    assert!(heard.contains(&acks[0].to_owned()), "{heard:#?}");
}

#[test]
fn what_comes_with_a_room_costs_nothing_more_than_to_enter_it() {
    let mut stage = Stage::new(Settings::default());
    stage.keep();
    stage.connect_irc("ana");
    say(&mut stage, "ana", &["NICK ana", "USER ana 0 * :Ana"]);
    let heard = say(&mut stage, "ana", &["JOIN #a,#b,#c,#d,#e,#f,#g,#h,#i,#j"]);
    let ends = words(&heard, 1).into_iter().filter(|word| word == "366");
    assert_eq!(ends.count(), 10, "{heard:#?}");
}
