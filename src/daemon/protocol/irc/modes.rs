//! Modes: what is set about a room, its rules, and who has a status there, by the letters that IRC has for them.
//! One table; what has no letter there is told in words.

use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::context::ModeChange;
use crate::hub::event::EventKind;
use crate::hub::moderation::room::{KEY_BYTES_MAX, OFF, RoomSettings};
use crate::hub::moderation::rule::{Effect, Rule};
use crate::hub::moderation::subject::{Subject, SubjectError};
use crate::hub::permission::{Standing, Status};

/// What a letter stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    Setting(&'static Setting),
    List(Effect),
    Status(Status),
}

/// A setting of the hub.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) letter: char,
    pub(super) name: &'static str,
    pub(super) takes: Takes,
}

/// What stands behind a setting's letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// Nothing, and the letter says that the setting is off.
    Inverse,
    /// A value to set it.
    Value,
    /// A value to set it, and perhaps one to take it away.
    Key,
}

/// By letter.
const SETTINGS: [Setting; 11] = [
    setting('C', "no-ctcp", Takes::Nothing),
    setting('P', "persistent", Takes::Nothing),
    setting('R', "registered-only", Takes::Nothing),
    setting('i', "invite-only", Takes::Nothing),
    setting('j', "join-throttle", Takes::Value),
    setting('k', "key", Takes::Key),
    setting('l', "members-max", Takes::Value),
    setting('m', "moderated", Takes::Nothing),
    setting('n', "external-messages", Takes::Inverse),
    setting('s', "secret", Takes::Nothing),
    setting('t', "topic-locked", Takes::Nothing),
];

const fn setting(letter: char, name: &'static str, takes: Takes) -> Setting {
    Setting {
        letter,
        name,
        takes,
    }
}

/// Bans and mutes share a letter.
pub(super) const LISTS: [(char, Effect); 3] = [
    ('I', Effect::Invite),
    ('b', Effect::Ban),
    ('e', Effect::Exempt),
];

const STATUSES: [(char, Status); 2] = [('o', Status::Operator), ('v', Status::Voiced)];

/// What a letter stands for, if anything.
pub(super) fn mode(letter: char) -> Option<Mode> {
    let setting = SETTINGS.iter().find(|it| it.letter == letter);
    let list = LISTS.iter().find(|(its, _)| *its == letter);
    let status = STATUSES.iter().find(|(its, _)| *its == letter);
    setting
        .map(Mode::Setting)
        .or(list.map(|&(_, effect)| Mode::List(effect)))
        .or(status.map(|&(_, status)| Mode::Status(status)))
}

/// All letters of rooms, and those of them that take something, as `004` has them.
pub(super) fn letters() -> (String, String) {
    let lists = LISTS.iter().map(|&(letter, _)| letter);
    let statuses = STATUSES.iter().map(|&(letter, _)| letter);
    let takes = SETTINGS
        .iter()
        .filter(|it| matches!(it.takes, Takes::Value | Takes::Key));
    let takes = takes.map(|it| it.letter);
    let sorted = |letters: Vec<char>| {
        let mut letters = letters;
        letters.sort_unstable();
        letters.into_iter().collect::<String>()
    };
    let settings = SETTINGS.iter().map(|it| it.letter);
    let all = lists.clone().chain(statuses.clone()).chain(settings);
    let with = lists.chain(statuses).chain(takes);
    (sorted(all.collect()), sorted(with.collect()))
}

/// `CHANMODES` of `005`: lists, what always takes something, what does to be set, and what never does.
pub(super) fn chanmodes() -> String {
    let of = |kinds: &[Takes]| {
        let fitting = SETTINGS.iter().filter(|it| kinds.contains(&it.takes));
        fitting.map(|it| it.letter).collect::<String>()
    };
    let lists: String = LISTS.iter().map(|&(letter, _)| letter).collect();
    let key = of(&[Takes::Key]);
    let values = of(&[Takes::Value]);
    let switches = of(&[Takes::Nothing, Takes::Inverse]);
    format!("{lists},{key},{values},{switches}")
}

/// `KEYLEN` of `005`.
pub(super) const KEYLEN: usize = KEY_BYTES_MAX;

/// What is set about a room: the letters behind a `+`, then what they take.
pub(super) fn of_settings(settings: &RoomSettings) -> Vec<SmolStr> {
    let entries = settings.entries();
    let mut letters = String::from("+");
    let mut params = Vec::new();
    for setting in &SETTINGS {
        let value = entries.iter().find(|(name, _)| *name == setting.name);
        match (setting.takes, value) {
            (Takes::Inverse, None) | (Takes::Nothing, Some(_)) => letters.push(setting.letter),
            (Takes::Value | Takes::Key, Some((_, value))) => {
                letters.push(setting.letter);
                params.push(shown_value(setting, value));
            }
            (Takes::Inverse, Some(_)) | (Takes::Nothing | Takes::Value | Takes::Key, None) => {}
        }
    }
    let mut words = vec![letters.to_smolstr()];
    words.extend(params);
    words
}

/// A setting's value as IRC shows it: `10/60` is `10:60`.
fn shown_value(setting: &Setting, value: &str) -> SmolStr {
    match setting.name {
        "join-throttle" => value.replace('/', ":").to_smolstr(),
        _ => value.to_smolstr(),
    }
}

/// A setting's value from what a client wrote behind its letter.
pub(super) fn value(setting: &Setting, written: &str) -> String {
    match setting.name {
        "join-throttle" => written.replace(':', "/"),
        _ => written.to_owned(),
    }
}

/// One letter of a `MODE` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) on: bool,
    pub(super) letter: char,
    pub(super) param: Option<SmolStr>,
}

/// What an event is as modes; nothing where there is no letter for it.
pub(super) fn changes(kind: &EventKind) -> Vec<Change> {
    if let EventKind::RoomChanged { setting, value, .. } = kind {
        let found = SETTINGS.iter().find(|it| it.name == *setting);
        found.map(|it| of_setting(it, value)).into_iter().collect()
    } else if let EventKind::RoleChanged { nick, was, is, .. } = kind {
        of_standing(nick.as_str(), *was, *is)
    } else if let EventKind::RuleAdded { rule } = kind {
        of_rule(true, rule)
    } else if let EventKind::RuleEnded { rule, .. } = kind {
        of_rule(false, rule)
    } else {
        Vec::new()
    }
}

/// The same for whoever has brought it about, who knows the key.
pub(super) fn own_changes(kind: &EventKind, asked: &ModeChange) -> Vec<Change> {
    let mut changes = changes(kind);
    for change in &mut changes {
        if change.letter == 'k' && change.on && asked.key.is_some() {
            change.param.clone_from(&asked.key);
        }
    }
    changes
}

/// Of a key only that there is one.
fn of_setting(setting: &Setting, value: &str) -> Change {
    let is_set = value != OFF;
    let param = match setting.takes {
        Takes::Nothing | Takes::Inverse => None,
        Takes::Value => is_set.then(|| shown_value(setting, value)),
        Takes::Key => Some(SmolStr::new_static("*")),
    };
    Change {
        on: is_set != (setting.takes == Takes::Inverse),
        letter: setting.letter,
        param,
    }
}

/// What is taken away first.
fn of_standing(nick: &str, was: Standing, is: Standing) -> Vec<Change> {
    let changed = STATUSES
        .iter()
        .filter(|(_, status)| was.has(*status) != is.has(*status));
    let mut changes: Vec<Change> = changed
        .map(|&(letter, status)| Change {
            on: is.has(status),
            letter,
            param: Some(nick.into()),
        })
        .collect();
    changes.sort_by_key(|change| change.on);
    changes
}

/// Rules of the whole server are none of a room's modes.
fn of_rule(on: bool, rule: &Rule) -> Vec<Change> {
    let room = rule.room.as_ref();
    let change = room.map(|_| Change {
        on,
        letter: letter_of(rule.effect),
        param: Some(mask(rule)),
    });
    change.into_iter().collect()
}

pub(super) fn letter_of(effect: Effect) -> char {
    match effect {
        Effect::Ban | Effect::Mute => 'b',
        Effect::Exempt => 'e',
        Effect::Invite => 'I',
    }
}

/// Whom a rule is about, as it stands in lists.
pub(super) fn mask(rule: &Rule) -> SmolStr {
    let mute = match rule.effect {
        Effect::Mute => "m:",
        Effect::Ban | Effect::Exempt | Effect::Invite => "",
    };
    match &rule.subject {
        Subject::Account(name) => format_smolstr!("{mute}a:{}", name.key()),
        Subject::Nick(nick) => format_smolstr!("{mute}{nick}!*@*"),
        Subject::Host(_) => format_smolstr!("{mute}{}", rule.subject),
        Subject::Address(block) => format_smolstr!("{mute}*!*@{block}"),
    }
}

/// What is meant by a mask in the list of some effect. `m:` before it makes a ban a mute and says nothing elsewhere, for an
/// exemption holds for both; `a:` is an account. Clients write `~` or `$` before these, as other servers want it.
pub(super) fn parse_mask(effect: Effect, text: &str) -> Result<(Effect, Subject), SubjectError> {
    let mut effect = effect;
    let mut text = without_sigil(text);
    if let Some(rest) = text.strip_prefix("m:") {
        if effect == Effect::Ban {
            effect = Effect::Mute;
        }
        text = without_sigil(rest);
    }
    let account = ["a:", "account:"];
    if let Some(name) = account.iter().find_map(|it| text.strip_prefix(it)) {
        let subject = Subject::parse(&format!("account:{name}"))?;
        return Ok((effect, subject));
    }
    Ok((effect, subject(text)?))
}

fn without_sigil(text: &str) -> &str {
    let rest = text.strip_prefix(['~', '$']);
    let is_extban = |rest: &&str| {
        ["m:", "a:", "account:"]
            .iter()
            .any(|it| rest.starts_with(it))
    };
    rest.filter(is_extban).unwrap_or(text)
}

/// Of `nick!username@host`, of which parts may be missing. A host that is an address is one.
fn subject(text: &str) -> Result<Subject, SubjectError> {
    let (nick, rest) = match text.split_once('!') {
        Some((nick, rest)) => (nick, rest),
        None if text.contains('@') => ("*", text),
        None => (text, "*@*"),
    };
    let (username, host) = rest.split_once('@').unwrap_or((rest, "*"));
    let [nick, username, host] =
        [nick, username, host].map(|it| if it.is_empty() { "*" } else { it });
    let is_whole_host = nick.bytes().chain(username.bytes()).all(|it| it == b'*');
    if let Ok(address @ Subject::Address(_)) = Subject::parse(host)
        && is_whole_host
    {
        return Ok(address);
    }
    Subject::parse(&format!("{nick}!{username}@{host}"))
}

/// The words of one line or several: no line is longer than clients can take.
pub(super) fn lines(changes: &[Change]) -> Vec<Vec<SmolStr>> {
    const BYTES_MAX: usize = 250;
    let mut lines = Vec::new();
    let mut rest = changes;
    while !rest.is_empty() {
        let mut bytes = 0;
        let mut letters = String::new();
        let mut params = Vec::new();
        let mut sign = None;
        let mut taken = 0;
        for change in rest {
            let more = change.param.as_ref().map_or(0, |it| it.len() + 1) + 2;
            if taken > 0 && bytes + more > BYTES_MAX {
                break;
            }
            bytes += more;
            if sign != Some(change.on) {
                letters.push(if change.on { '+' } else { '-' });
                sign = Some(change.on);
            }
            letters.push(change.letter);
            params.extend(change.param.clone());
            taken += 1;
        }
        rest = &rest[taken..];
        let mut words = vec![letters.to_smolstr()];
        words.extend(params);
        lines.push(words);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::moderation::room::{RoomChange, SETTINGS as THOSE_OF_THE_HUB};

    #[test]
    fn every_letter_stands_for_one_thing_that_the_hub_has() {
        let (all, _) = letters();
        let mut once: Vec<char> = all.chars().collect();
        once.dedup();
        assert_eq!(once.len(), all.len());
        assert!(all.chars().all(|letter| mode(letter).is_some()));
        assert!(mode('Z').is_none());
        for setting in &SETTINGS {
            assert!(THOSE_OF_THE_HUB.contains(&setting.name), "{setting:?}");
        }
        assert_eq!(chanmodes(), "Ibe,k,jl,CPRimnst");
    }

    #[test]
    fn masks_mean_what_they_show() {
        for (written, effect, shown) in [
            ("bar", Effect::Ban, "bar!*@*"),
            ("Bar!*@*", Effect::Ban, "bar!*@*"),
            ("bar!x", Effect::Ban, "bar!x@*"),
            ("*@host.ip", Effect::Ban, "*!*@host.ip"),
            ("*!*@*", Effect::Ban, "*!*@*"),
            ("m:bar!*@*", Effect::Mute, "m:bar!*@*"),
            ("~m:a:Ana", Effect::Mute, "m:a:ana"),
            ("$a:ana", Effect::Ban, "a:ana"),
            ("~account:ana", Effect::Ban, "a:ana"),
            ("*!*@192.0.2.0/24", Effect::Ban, "*!*@192.0.2.0/24"),
        ] {
            let (its, subject) = parse_mask(Effect::Ban, written).unwrap();
            let rule = Rule {
                id: Default::default(),
                room: None,
                effect: its,
                subject,
                by: None,
                reason: None,
                at: Default::default(),
                until: None,
            };
            assert_eq!((its, &*mask(&rule)), (effect, shown), "{written}");
        }
        let exempt = parse_mask(Effect::Exempt, "m:*!*evan@*").unwrap();
        assert_eq!(exempt.0, Effect::Exempt);
        assert!(parse_mask(Effect::Ban, "a b").is_err());
    }

    #[test]
    fn what_is_set_is_shown_in_the_order_of_letters() {
        let mut settings = RoomSettings::default();
        assert_eq!(of_settings(&settings), ["+n"]);
        for (name, value) in [
            ("key", "tür/3"),
            ("external-messages", "on"),
            ("join-throttle", "5/60"),
            ("secret", "on"),
        ] {
            settings.apply(RoomChange::parse(name, value).unwrap());
        }
        assert_eq!(of_settings(&settings), ["+jks", "5:60", "tür/3"]);
    }

    #[test]
    fn many_changes_are_several_lines() {
        let change = |on, letter, param: Option<&str>| Change {
            on,
            letter,
            param: param.map(Into::into),
        };
        let few = [
            change(true, 'i', None),
            change(true, 'k', Some("x")),
            change(false, 'n', None),
        ];
        assert_eq!(lines(&few), [["+ik-n", "x"]]);
        let long = "x".repeat(100);
        let many = vec![change(true, 'b', Some(&long)); 5];
        let written = lines(&many);
        assert_eq!(written.len(), 3);
        assert_eq!(written[0][0], "+bb");
    }
}
