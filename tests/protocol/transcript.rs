//! Transcripts: what clients send and what they hear, as text that people read and tests run.
//!
//! | line | meaning |
//! |---|---|
//! | `ana> {"type":"ping"}` | ana sends this and a line feed; she connects first if she has not |
//! | `ana>> {"a\x22:\{9*[\}` | ana sends these bytes: `\n`, `\r`, `\\`, `\xFF`, and `\{9*b\}` for nine `b` |
//! | `ana< {"type":"pong"}` | ana hears this |
//! | `-- ana connects` | shows her greeting, which is left out otherwise |
//! | `-- ana and ben are here` | they log in, unseen |
//! | `-- ana speaks IRC with batch server-time` | she connects to the listener of IRC and logs in, unseen, with these capabilities |
//! | `-- ana disconnects` | without a word |
//! | `-- ana is closed` | the server has closed her connection |
//! | `-- 120 s pass` | the clock moves |
//! | `-- settings burst=2` | before all else |
//! | `-- the operator announces TEXT` | also `kicks NICK`, `bans` and `mutes`, `stops the server`, and what concerns accounts |
//! | `# text`, empty | nothing |
//!
//! A transcript is run by playing what clients do and writing down again what they hear. It passes
//! when the result is the transcript.

use std::time::Duration;

use chatd::hub::account::{Registration, Require};
use chatd::hub::history::{Keeping, Trouble};
use chatd::hub::input::AdminCommand;
use chatd::hub::moderation::request::Moderation;
use chatd::hub::moderation::rule::Effect;
use chatd::hub::moderation::subject::Subject;
use chatd::hub::name::Nick;
use chatd::hub::oper::{Oper, OperPassword, PasswordHash};
use chatd::hub::settings::Settings;

use super::stage::{Heard, Stage};

/// Plays a transcript and writes it down as it really went.
pub(crate) fn replay(transcript: &str) -> String {
    let mut stage = Stage::new(settings(transcript));
    let mut written = String::new();
    for line in transcript.lines().filter(|line| !is_heard(line)) {
        written.push_str(line);
        written.push('\n');
        play(line, &mut stage);
        for heard in stage.take_heard() {
            written.push_str(&match heard {
                Heard::Line { client, line } => format!("{client}< {}\n", visible(&line)),
                Heard::Closed { client } => format!("-- {client} is closed\n"),
            });
        }
    }
    written
}

/// What turns the reading direction would mislead who reads the transcript; JSON can escape it.
fn visible(line: &str) -> String {
    let line = line.strip_suffix('\r').unwrap_or(line); // IRC's
    let shown = line.chars().map(|letter| match letter {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            format!("\\u{:04x}", u32::from(letter))
        }
        '\u{1}' => "\\x01".to_owned(), // of an action in IRC
        _ => letter.to_string(),
    });
    shown.collect()
}

/// Where two texts differ, with the lines around; `first_line` is the number of their first line.
pub(crate) fn difference(expected: &str, got: &str, first_line: usize) -> Option<String> {
    if expected == got {
        return None;
    }
    let (expected, got): (Vec<_>, Vec<_>) = (expected.lines().collect(), got.lines().collect());
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let before = expected.iter().zip(&got).take_while(same).count();
    let behind = expected[before..]
        .iter()
        .rev()
        .zip(got[before..].iter().rev());
    let after = behind.take_while(same).count();
    let mut text = format!("line {}:\n", first_line + before);
    let context = &expected[before.saturating_sub(4)..before];
    let (missing, extra) = (
        &expected[before..expected.len() - after],
        &got[before..got.len() - after],
    );
    for (mark, lines) in [(' ', context), ('-', missing), ('+', extra)] {
        for line in lines {
            text.push_str(&format!("  {mark} {line}\n"));
        }
    }
    Some(text)
}

fn is_heard(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    word.ends_with('<') || (line.starts_with("-- ") && line.ends_with(" is closed"))
}

fn play(line: &str, stage: &mut Stage) {
    if let Some(direction) = line.strip_prefix("-- ") {
        direct(direction, stage);
    } else if let Some((name, text)) = line.split_once(">> ") {
        connect_unseen(name, stage);
        stage.receive(name, &unescape(text));
    } else if let Some((name, text)) = line.split_once("> ") {
        connect_unseen(name, stage);
        stage.receive(name, format!("{text}\n").as_bytes());
    } else {
        assert!(
            line.is_empty() || line.starts_with('#'),
            "no line of a transcript: {line}"
        );
    }
}

fn direct(direction: &str, stage: &mut Stage) {
    let words: Vec<&str> = direction.split(' ').collect();
    match words.as_slice() {
        ["settings", ..] => {}
        [name, "connects"] => stage.connect(name),
        [name, "connects", "to", "IRC"] => stage.connect_irc(name),
        [name, "disconnects"] => stage.disconnect(name),
        [name, "speaks", "IRC", caps @ ..] => {
            stage.connect_irc(name);
            let caps = caps.strip_prefix(&["with"]).unwrap_or_default().join(" ");
            let login = format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\nCAP END\r\n");
            stage.receive(name, format!("CAP REQ :{caps}\r\n{login}").as_bytes());
            stage.take_heard();
        }
        [seconds, "s", "pass"] => {
            stage.pass(Duration::from_secs(
                seconds.parse().expect("a number of seconds"),
            ));
        }
        ["what", "is", "said", "is", "kept"] => stage.keep(),
        ["the", "config", "names", admin] => stage.name_admin(admin),
        ["the", "disk", "is", "full"] => stage.keeping(Keeping::Fails(Trouble::DiskFull)),
        ["the", "operator", "kicks", nick] => {
            stage.admin(AdminCommand::Moderate(Moderation::Kick {
                room: None,
                nick: Nick::parse(nick).unwrap(),
                reason: None,
            }));
        }
        ["the", "operator", verb @ ("bans" | "mutes"), subject] => {
            stage.admin(AdminCommand::Moderate(Moderation::AddRule {
                room: None,
                effect: if *verb == "bans" {
                    Effect::Ban
                } else {
                    Effect::Mute
                },
                subject: Subject::parse(subject).unwrap(),
                reason: None,
                lasts: None,
                evicts: true,
            }));
        }
        ["the", "operator", "makes", name, "a", "server", "operator"] => {
            stage.change_account(|registrar| registrar.set_operator(name, true));
        }
        ["the", "operator", "announces", text @ ..] => stage.admin(AdminCommand::Announce {
            room: None,
            text: text.join(" ").into(),
        }),
        ["the", "operator", "makes", "the", "account", name] => {
            stage.change_account(|registrar| registrar.add(name, "correct horse"));
        }
        [
            "the",
            "operator",
            "gives",
            token,
            "to",
            name,
            "to",
            "send",
            "to",
            room,
        ] => {
            let name = name.trim_end_matches(',');
            stage.registrar().add_token(token, name, &[*room], true);
        }
        ["the", "operator", "takes", token, "back"] => {
            stage.change_account(|registrar| registrar.revoke(token));
        }
        ["the", "operator", "stops", "the", "server"] => stage.admin(AdminCommand::Shutdown),
        [names @ .., "is" | "are", "here"] => {
            for name in names.iter().filter(|word| **word != "and") {
                stage.connect(name);
                let hello = format!("{{\"type\":\"hello\",\"v\":1,\"nick\":\"{name}\"}}");
                stage.receive(name, hello.as_bytes());
                stage.take_heard();
            }
        }
        _ => panic!("no direction of a transcript: {direction}"),
    }
}

fn connect_unseen(name: &str, stage: &mut Stage) {
    if !stage.is_connected(name) {
        stage.connect(name);
        let heard = stage.take_heard();
        assert!(
            matches!(heard.as_slice(), [Heard::Line { line, .. }] if line.starts_with("Connected")),
            "{name} was not greeted: {heard:?}"
        );
    }
}

fn settings(transcript: &str) -> Settings {
    let mut settings = Settings::default();
    let given = transcript
        .lines()
        .find_map(|line| line.strip_prefix("-- settings "));
    for pair in given.unwrap_or_default().split_whitespace() {
        let (key, value) = pair.split_once('=').expect("key=value");
        match key {
            "registration" if value == "open" => {
                settings.registration = Registration::Open;
                continue;
            }
            "oper" => {
                let (name, password) = value.split_once(':').expect("name:password");
                let (name, password) = (name.to_owned(), PasswordHash::of(password));
                let password = OperPassword::Sha256(password);
                settings.opers.push(Oper { name, password });
                continue;
            }
            "require" if value == "all" => {
                settings.require_account = Require::All;
                continue;
            }
            _ => {}
        }
        let number: usize = value.parse().expect("a number");
        match key {
            "burst" => settings.burst = number as f64,
            "rate" => settings.rate = number as f64,
            "max_connections" => settings.max_connections = number,
            "message_bytes" => settings.message_bytes = number,
            "rooms_per_user" => settings.rooms_per_user = number,
            _ => panic!("no setting of a transcript: {key}"),
        }
    }
    settings
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.bytes());
        let (kind, after) = escape.split_at(1);
        rest = match kind {
            "n" | "r" | "\\" => {
                bytes.push(match kind {
                    "n" => b'\n',
                    "r" => b'\r',
                    _ => b'\\',
                });
                after
            }
            "x" => {
                let (digits, after) = after.split_at(2);
                bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
                after
            }
            "{" => {
                let (repeat, after) = after.split_once("\\}").expect("a closing \\}");
                let (times, what) = repeat.split_once('*').expect("times*what");
                bytes.extend(what.repeat(times.parse().expect("a number")).bytes());
                after
            }
            _ => panic!("no escape of a transcript: \\{kind}"),
        };
    }
    bytes.extend(rest.bytes());
    bytes
}

#[test]
fn a_difference_is_shown_with_what_stands_before_it() {
    let expected = "a> 1\na< 2\na< 3\n# end\n";
    assert_eq!(difference(expected, expected, 10), None);
    assert_eq!(
        difference(expected, "a> 1\na< 2\na< 4\na< 5\n# end\n", 10).as_deref(),
        Some("line 12:\n    a> 1\n    a< 2\n  - a< 3\n  + a< 4\n  + a< 5\n")
    );
}

#[test]
fn escapes_stand_for_any_bytes() {
    assert_eq!(
        unescape(r"a\x00\xff\{3*y}z\}\n\\"),
        b"a\x00\xffy}zy}zy}z\n\\"
    );
}
