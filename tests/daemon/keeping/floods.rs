//! Questions without end and questions without sense: each has its answer or a clear refusal, and those who
//! mean well are served meanwhile.

use std::thread;

use serde_json::{Value, json};

use super::Speaker;
use super::dice::Dice;
use crate::support::Daemon;
use crate::support::peers::{NO_ID, Peer};

/// Asks the same again and again, many times at once, until the daemon has gone; counts the answers.
fn ask_without_end(daemon: &Daemon, nick: &str, mut request: Value) -> thread::JoinHandle<usize> {
    const AT_ONCE: usize = 16;
    let mut peer = Peer::join(daemon, nick);
    request["id"] = json!("flood");
    let lines = format!("{request}\n").repeat(AT_ONCE);
    thread::spawn(move || {
        let mut answers = 0;
        while peer.wire.try_send(lines.as_bytes()).is_ok() {
            for _ in 0..AT_ONCE {
                let answer = std::iter::from_fn(|| peer.next())
                    .find(|it| it["id"] == "flood" && it["more"] != true);
                if answer.is_none() {
                    return answers;
                }
                answers += 1;
            }
        }
        answers
    })
}

#[test]
fn fifty_who_ask_without_end_leave_room_for_one_who_means_well() {
    let mut daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    for _ in 0..100 {
        ana.say(200);
    }
    let crowd: Vec<_> = (0..50)
        .map(|number| {
            let request = match number % 4 {
                0 => json!({"type": "history", "of": "#lobby", "limit": 1000}),
                1 => json!({"type": "search", "words": "number x*", "limit": 1000}),
                2 => json!({"type": "edit", "msgid": NO_ID, "text": "not mine"}),
                _ => json!({"type": "unread"}),
            };
            ask_without_end(&daemon, &format!("asker{number}"), request)
        })
        .collect();
    let mut refused = 0;
    for _ in 0..4 {
        // Each within a test's patience, though nobody holds the crowd back.
        assert_eq!(ana.peer.ask(json!({"type": "ping"}))["type"], "pong");
        let answer = ana.say(200);
        assert_eq!(answer["type"], "ack", "{answer}");
        let answer = ana
            .peer
            .ask(json!({"type": "history", "of": "#lobby", "limit": 10}));
        if answer["type"] == "error" {
            let code = answer["code"].as_str().unwrap();
            assert!(["busy", "history_unavailable"].contains(&code), "{answer}");
            refused += 1;
        }
    }
    let stats = daemon.stats();
    daemon.kill();
    let answers: usize = crowd.into_iter().map(|it| it.join().unwrap()).sum();
    eprintln!(
        "floods: {answers} answers to the crowd, {refused} of 4 questions of one who means well \
         refused; refusals {}",
        stats["refusals"]
    );
}

#[test]
fn absurd_bounds_have_an_answer_or_a_clear_error() {
    let daemon = Daemon::start("[limits]\nrate = 0\nmax_faults = 10000");
    let mut ana = Speaker::join(&daemon, "ana");
    ana.say(10);
    for limit in [
        json!(0),
        json!(1001),
        json!(-1),
        json!(1_u64 << 63),
        json!(1.5),
        json!("50"),
        json!([]),
    ] {
        for kind in ["history", "search"] {
            let request = json!({"type": kind, "of": "#lobby", "words": "", "limit": limit});
            let answer = ana.peer.ask(request);
            assert_eq!(answer["type"], "error", "{limit}: {answer}");
            assert!(
                answer["text"].as_str().unwrap().contains("limit"),
                "{limit}: {answer}"
            );
        }
    }
    let odd = [
        "",
        "0",
        NO_ID,
        "fvvvvvvvvvvvv",
        "7vvvvvvvvvvvv",
        "zzzzzzzzzzzzz",
        "-1",
        "9223372036854775808",
        "2026-13-45T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999Z",
        "2026-02-30T12:00:00+99:99",
        "\u{1f426}",
        "' OR 1=1 --",
        "\0",
    ];
    for id in odd {
        for request in [
            json!({"type": "history", "of": "#lobby", "before": id}),
            json!({"type": "history", "of": "#lobby", "after": id}),
            json!({"type": "history", "of": "#lobby", "around": id}),
            json!({"type": "history", "of": "#lobby", "around": id, "before": id}),
            json!({"type": "history", "of": "#lobby", "after": "7vvvvvvvvvvvv", "before": id}),
            json!({"type": "search", "words": "", "after": id, "before": id}),
            json!({"type": "edit", "msgid": id, "text": "x"}),
            json!({"type": "delete", "msgid": id}),
            json!({"type": "read", "of": "#lobby", "upto": id}),
            json!({"type": "join", "room": "#lobby", "since": id}),
        ] {
            answer_or_error(&mut ana.peer, request);
        }
    }
    for of in [
        "",
        "#",
        "@",
        "lobby",
        "#nowhere",
        "@nobody",
        "#lobby\0",
        &"#x".repeat(2000),
        "@ana",
        "# #",
    ] {
        answer_or_error(&mut ana.peer, json!({"type": "history", "of": of}));
        answer_or_error(
            &mut ana.peer,
            json!({"type": "search", "words": "number", "of": of, "from": of}),
        );
        answer_or_error(
            &mut ana.peer,
            json!({"type": "read", "of": of, "upto": NO_ID}),
        );
    }
    assert_eq!(ana.say(10)["type"], "ack");
}

#[test]
fn no_words_of_a_search_are_more_than_words() {
    let mut dice = Dice::new("search words");
    let daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    ana.say(10);
    let pieces = [
        "\"",
        "\"\"",
        "*",
        "^",
        "-",
        "+",
        "(",
        ")",
        "NEAR(",
        "NEAR(a b, 2)",
        " AND ",
        " OR ",
        " NOT ",
        "text:",
        "{a b}:",
        "rowid",
        "'",
        "';--",
        "\\",
        "\0",
        "%",
        "_",
        "\u{1f426}",
        "\u{202e}",
        "\u{fffd}",
        "e\u{301}",
        "number",
        "x*",
        " ",
        "\t",
        "\n",
        "\u{10ffff}",
        "0",
        "\u{3042}",
    ];
    let mut found = 0;
    for round in 0..300 {
        let bytes = *dice.pick(&[30, 100, 4000]);
        let mut words = String::new();
        if round < pieces.len() {
            // Nothing else, as often as it fits.
            words = pieces[round].repeat(bytes / pieces[round].len());
        }
        while words.len() + 20 < bytes {
            words += *dice.pick(pieces.as_slice());
        }
        let request = json!({"type": "search", "words": words, "limit": 1 + dice.below(1000)});
        found += usize::from(answer_or_error(&mut ana.peer, request)["type"] == "found");
    }
    eprintln!("search words: {found} of 300 were answered, the rest refused");
    assert!(found > 0);
    assert_eq!(ana.say(10)["type"], "ack");
}

/// An answer comes, and it is none that says that something broke.
fn answer_or_error(peer: &mut Peer, request: Value) -> Value {
    let asked = request.to_string();
    let answer = peer.ask(request);
    let kind = answer["type"].as_str().unwrap_or_default();
    assert!(
        ["history", "found", "ok", "ack", "error"].contains(&kind),
        "{asked}: {answer}"
    );
    if kind == "error" {
        let code = answer["code"].as_str().unwrap_or_default();
        assert_ne!(code, "history_unavailable", "{asked}: {answer}");
        assert_ne!(answer["text"], "", "{asked}: {answer}");
    }
    answer
}
