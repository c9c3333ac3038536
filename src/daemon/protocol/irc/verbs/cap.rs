//! `CAP`: which capabilities there are, and which the client wants.

use super::Handling;
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::line::Line;
use crate::daemon::protocol::irc::multiline;
use crate::daemon::protocol::{Facts, Sts};

pub(super) fn cap(handling: &mut Handling<'_>, line: &Line<'_>) {
    let subcommand = line.params[0].to_ascii_uppercase();
    match &*subcommand {
        "LS" => {
            begin_negotiation(handling);
            let version = line.param(1).and_then(|it| it.parse::<u32>().ok());
            let knows_values = version.is_some_and(|version| version >= 302);
            if knows_values {
                handling.session.caps.set(Cap::CapNotify, true);
            }
            let facts = handling.facts;
            let offered = Cap::ALL.iter().filter(|cap| cap.is_offered(facts));
            let has_certificate = handling.session.has_certificate;
            let words = offered.map(|cap| match cap.value(facts, has_certificate) {
                Some(value) if knows_values => format!("{}={value}", cap.name()),
                Some(_) | None => cap.name().to_owned(),
            });
            let mut words: Vec<String> = words.collect();
            if knows_values {
                words.extend(sts(facts, handling.session.is_secure));
            }
            list(handling, "LS", &words, knows_values);
        }
        "LIST" => {
            let words = handling
                .session
                .caps
                .iter()
                .map(|cap| cap.name().to_owned());
            let words: Vec<String> = words.collect();
            list(handling, "LIST", &words, true);
        }
        "REQ" => {
            begin_negotiation(handling);
            request(handling, line.param(1).unwrap_or_default());
        }
        "END" => {
            if let Some(registration) = handling.session.registration.as_deref_mut() {
                registration.is_negotiating = false;
            }
            handling.register_if_complete();
        }
        _ => {
            let shown = super::shown(line.params[0]);
            handling
                .lines()
                .numeric(410, &[&shown], "Invalid CAP command");
        }
    }
}

fn begin_negotiation(handling: &mut Handling<'_>) {
    if let Some(registration) = handling.session.registration.as_deref_mut() {
        registration.is_negotiating = true;
    }
}

/// All of it or nothing.
fn request(handling: &mut Handling<'_>, wanted: &str) {
    let facts = handling.facts;
    let mut caps = handling.session.caps;
    let mut is_good = true;
    for word in wanted.split_ascii_whitespace() {
        let (name, on) = match word.strip_prefix('-') {
            Some(name) => (name, false),
            None => (word, true),
        };
        match Cap::named(name).filter(|cap| cap.is_offered(facts)) {
            // Whoever has it by `CAP LS 302` cannot do without.
            Some(Cap::CapNotify) if !on => is_good = false,
            Some(cap) => caps.set(cap, on),
            None => is_good = false,
        }
    }
    let answer = if is_good { "ACK" } else { "NAK" };
    let nick = nick_of(handling);
    let wanted = wanted.trim_end();
    handling.lines().server("CAP", &[&nick, answer], wanted);
    if is_good && caps != handling.session.caps {
        let before = std::mem::replace(&mut handling.session.caps, caps);
        handling.look_anew();
        if !caps.has(Cap::MultiLine) {
            multiline::give_up(handling);
        }
        if before.has(Cap::ExtendedMonitor) != caps.has(Cap::ExtendedMonitor) {
            super::monitor::extend(handling);
        }
    }
}

/// Words in as many lines as they take; a client of before 302 can only read one.
fn list(handling: &mut Handling<'_>, subcommand: &str, words: &[String], may_be_many: bool) {
    const TEXT_BYTES_MAX: usize = 400;
    let nick = nick_of(handling);
    let mut text = String::new();
    for word in words {
        if may_be_many && text.len() + word.len() + 1 > TEXT_BYTES_MAX {
            let params = [&*nick, subcommand, "*"];
            handling.lines().server("CAP", &params, text.trim_end());
            text.clear();
        }
        text.push_str(word);
        text.push(' ');
    }
    let text = text.trim_end();
    handling.lines().server("CAP", &[&nick, subcommand], text);
}

fn nick_of(handling: &Handling<'_>) -> String {
    match &*handling.session.nick {
        "" => "*".to_owned(),
        nick => nick.to_owned(),
    }
}

/// A client without TLS is told where to go, one with it for how long. It is nothing that can be asked for.
fn sts(facts: &Facts, is_secure: bool) -> Option<String> {
    let Sts { port, seconds } = facts.irc_sts?;
    Some(if is_secure {
        format!("sts=duration={seconds},port={port}")
    } else {
        format!("sts=port={port}")
    })
}
