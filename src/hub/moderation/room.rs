//! What may be set about a room. Each setting has a name and a text for its value, the same in every
//! protocol, on the command line and in the registry; all of them are parsed and shown here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::words;
use crate::hub::history::OwnerId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::{Action, RoomRole};

/// All settings of one room. By default a room is open to everybody for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomSettings {
    /// Only the invited may enter, and read what was said.
    pub invite_only: bool,
    /// Only who knows it may enter.
    pub key: Option<Arc<str>>,
    /// Only the voiced and those above them may speak.
    pub moderated: bool,
    /// Who is not in it does not find it in lists.
    pub secret: bool,
    /// Only operators may set the topic.
    pub topic_locked: bool,
    /// Members that it may have.
    pub members_max: Option<u32>,
    /// Time that a member waits from one message to the next.
    pub slow_mode: Option<Duration>,
    /// Only operators see who is in it.
    pub members_hidden: bool,
    /// Only who is logged in to an account may enter.
    pub registered_only: bool,
    /// It is kept though nobody is in it and nothing else is set.
    pub persistent: bool,
    /// Members who may come within a time.
    pub join_throttle: Option<Throttle>,
    /// Who is not in it may speak there too, unless it is closed.
    pub external_messages: bool,
    /// Programs do not talk to each other there: no message is a CTCP one.
    pub no_ctcp: bool,
    /// Words that may not be said there, as [`words::parse`] gives them.
    pub words: Vec<Arc<str>>,
}

/// So many within so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    pub count: u32,
    pub within: Duration,
}

/// One setting's new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomChange {
    InviteOnly(bool),
    Key(Option<Arc<str>>),
    Moderated(bool),
    Secret(bool),
    TopicLocked(bool),
    MembersMax(Option<u32>),
    SlowMode(Option<Duration>),
    MembersHidden(bool),
    RegisteredOnly(bool),
    Persistent(bool),
    JoinThrottle(Option<Throttle>),
    ExternalMessages(bool),
    NoCtcp(bool),
    Words(Vec<Arc<str>>),
}

/// Why a text is no value of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingError {
    Unknown,
    Switch,
    Number,
    Seconds,
    Throttle,
    Key,
    Words,
}

/// What would be one, as the end of a sentence.
impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "the settings are {}", SETTINGS.join(", ")),
            Self::Switch => f.write_str("it is `on` or `off`"),
            Self::Number => f.write_str("it is a number from 1, or `off`"),
            Self::Seconds => write!(
                f,
                "it is a number of seconds from 1 to {SECONDS_MAX}, or `off`"
            ),
            Self::Throttle => {
                f.write_str("it is a number, `/` and seconds, such as 10/60, or `off`")
            }
            Self::Key => write!(
                f,
                "it has 1 to {KEY_BYTES_MAX} bytes without spaces and commas, does not begin with `:`, or is `off`"
            ),
            Self::Words => {
                let max = words::WORDS_MAX;
                write!(
                    f,
                    "it is up to {max} words with commas between them, or `off`"
                )
            }
        }
    }
}

/// Longest key, in bytes of UTF-8.
pub const KEY_BYTES_MAX: usize = 64;

/// Longest time for slow mode and throttles.
const SECONDS_MAX: u64 = 3600;

/// The value that takes a setting away.
pub const OFF: &str = "off";

/// All settings, by name.
pub const SETTINGS: [&str; 14] = [
    "external-messages",
    "invite-only",
    "join-throttle",
    "key",
    "members-hidden",
    "members-max",
    "moderated",
    "no-ctcp",
    "persistent",
    "registered-only",
    "secret",
    "slow-mode",
    "topic-locked",
    "words",
];

impl RoomSettings {
    /// Whether somebody who is not in the room may not simply come in, so that what is said there is not for
    /// everybody to read.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.invite_only || self.key.is_some() || self.registered_only || self.secret
    }

    /// What is set, by name, each with its value as [`RoomChange::parse`] takes it.
    #[must_use]
    pub fn entries(&self) -> Vec<(&'static str, String)> {
        let switch = |on: bool| on.then(|| "on".to_owned());
        let throttle = |it: Throttle| format!("{}/{}", it.count, it.within.as_secs());
        let values = [
            switch(self.external_messages),
            switch(self.invite_only),
            self.join_throttle.map(throttle),
            self.key.as_deref().map(str::to_owned),
            switch(self.members_hidden),
            self.members_max.map(|max| max.to_string()),
            switch(self.moderated),
            switch(self.no_ctcp),
            switch(self.persistent),
            switch(self.registered_only),
            switch(self.secret),
            self.slow_mode.map(|it| it.as_secs().to_string()),
            switch(self.topic_locked),
            (!self.words.is_empty()).then(|| self.words.join(",")),
        ];
        let named = SETTINGS.into_iter().zip(values);
        named.filter_map(|(name, it)| Some((name, it?))).collect()
    }

    /// Takes a change in.
    pub fn apply(&mut self, change: RoomChange) {
        match change {
            RoomChange::InviteOnly(on) => self.invite_only = on,
            RoomChange::Key(key) => self.key = key,
            RoomChange::Moderated(on) => self.moderated = on,
            RoomChange::Secret(on) => self.secret = on,
            RoomChange::TopicLocked(on) => self.topic_locked = on,
            RoomChange::MembersMax(max) => self.members_max = max,
            RoomChange::SlowMode(wait) => self.slow_mode = wait,
            RoomChange::MembersHidden(on) => self.members_hidden = on,
            RoomChange::RegisteredOnly(on) => self.registered_only = on,
            RoomChange::Persistent(on) => self.persistent = on,
            RoomChange::JoinThrottle(throttle) => self.join_throttle = throttle,
            RoomChange::ExternalMessages(on) => self.external_messages = on,
            RoomChange::NoCtcp(on) => self.no_ctcp = on,
            RoomChange::Words(words) => self.words = words,
        }
    }
}

impl RoomChange {
    /// From a setting's name and the text of its value; `off` takes every setting away.
    ///
    /// # Errors
    /// [`SettingError`] says what would be one.
    pub fn parse(name: &str, value: &str) -> Result<Self, SettingError> {
        let change = Self::parse_kept(name, value)?;
        // In IRC it would be no word of a line any more.
        if let Self::Key(Some(key)) = &change
            && key.starts_with(':')
        {
            return Err(SettingError::Key);
        }
        Ok(change)
    }

    /// As [`parse`](Self::parse), of what was set before: keys could once begin with `:`.
    ///
    /// # Errors
    /// [`SettingError`] says what would be one.
    pub fn parse_kept(name: &str, value: &str) -> Result<Self, SettingError> {
        let value = value.trim();
        let set = (value != OFF).then_some(value);
        Ok(match name {
            "invite-only" => Self::InviteOnly(switch(value)?),
            "key" => Self::Key(set.map(key).transpose()?),
            "moderated" => Self::Moderated(switch(value)?),
            "secret" => Self::Secret(switch(value)?),
            "topic-locked" => Self::TopicLocked(switch(value)?),
            "members-max" => Self::MembersMax(set.map(count).transpose()?),
            "slow-mode" => Self::SlowMode(set.map(seconds).transpose()?),
            "members-hidden" => Self::MembersHidden(switch(value)?),
            "registered-only" => Self::RegisteredOnly(switch(value)?),
            "persistent" => Self::Persistent(switch(value)?),
            "join-throttle" => Self::JoinThrottle(set.map(throttle).transpose()?),
            "external-messages" => Self::ExternalMessages(switch(value)?),
            "no-ctcp" => Self::NoCtcp(switch(value)?),
            "words" => Self::Words(set.map(list).transpose()?.unwrap_or_default()),
            _ => return Err(SettingError::Unknown),
        })
    }

    /// The setting's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::InviteOnly(_) => "invite-only",
            Self::Key(_) => "key",
            Self::Moderated(_) => "moderated",
            Self::Secret(_) => "secret",
            Self::TopicLocked(_) => "topic-locked",
            Self::MembersMax(_) => "members-max",
            Self::SlowMode(_) => "slow-mode",
            Self::MembersHidden(_) => "members-hidden",
            Self::RegisteredOnly(_) => "registered-only",
            Self::Persistent(_) => "persistent",
            Self::JoinThrottle(_) => "join-throttle",
            Self::ExternalMessages(_) => "external-messages",
            Self::NoCtcp(_) => "no-ctcp",
            Self::Words(_) => "words",
        }
    }

    /// The value, as [`parse`](Self::parse) takes it.
    #[must_use]
    pub fn value(&self) -> String {
        let mut settings = RoomSettings::default();
        settings.apply(self.clone());
        let entry = settings.entries().pop();
        entry.map_or_else(|| OFF.to_owned(), |(_, value)| value)
    }

    /// Who may make it.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::Persistent(_) => Action::Persist,
            Self::InviteOnly(_)
            | Self::Key(_)
            | Self::Moderated(_)
            | Self::Secret(_)
            | Self::TopicLocked(_)
            | Self::MembersMax(_)
            | Self::SlowMode(_)
            | Self::MembersHidden(_)
            | Self::RegisteredOnly(_)
            | Self::JoinThrottle(_)
            | Self::ExternalMessages(_)
            | Self::NoCtcp(_)
            | Self::Words(_) => Action::Set,
        }
    }
}

/// What the registry keeps of a room beside its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharterRecord {
    pub room: RoomName,
    pub settings: RoomSettings,
    pub roles: Vec<RoleRecord>,
}

/// Who has a role in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRecord {
    pub owner: OwnerId,
    /// As they were called when they got it.
    pub nick: Nick,
    pub role: RoomRole,
}

fn switch(value: &str) -> Result<bool, SettingError> {
    match value {
        "on" => Ok(true),
        OFF => Ok(false),
        _ => Err(SettingError::Switch),
    }
}

fn count(value: &str) -> Result<u32, SettingError> {
    let count = value.parse().ok().filter(|&count: &u32| count > 0);
    count.ok_or(SettingError::Number)
}

fn seconds(value: &str) -> Result<Duration, SettingError> {
    let value = value.strip_suffix('s').unwrap_or(value);
    let seconds = value.parse().ok();
    let seconds = seconds.filter(|it| (1..=SECONDS_MAX).contains(it));
    seconds
        .map(Duration::from_secs)
        .ok_or(SettingError::Seconds)
}

fn throttle(value: &str) -> Result<Throttle, SettingError> {
    let (count_text, within) = value.split_once('/').ok_or(SettingError::Throttle)?;
    match (count(count_text), seconds(within)) {
        (Ok(count), Ok(within)) => Ok(Throttle { count, within }),
        (Err(_), _) | (_, Err(_)) => Err(SettingError::Throttle),
    }
}

fn key(value: &str) -> Result<Arc<str>, SettingError> {
    let is_refused = |letter: char| letter.is_control() || letter.is_whitespace() || letter == ',';
    let is_key = !value.is_empty() && value.len() <= KEY_BYTES_MAX && !value.contains(is_refused);
    is_key.then(|| value.into()).ok_or(SettingError::Key)
}

fn list(value: &str) -> Result<Vec<Arc<str>>, SettingError> {
    let words = words::parse_list(value).map_err(|_| SettingError::Words)?;
    // Alone, in any case, it would be kept and shown as what takes the setting away.
    if matches!(&words[..], [only] if **only == *OFF) {
        return Err(SettingError::Words);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [(&str, &str); 14] = [
        ("external-messages", "on"),
        ("invite-only", "on"),
        ("join-throttle", "5/60"),
        ("key", "tür"),
        ("members-hidden", "on"),
        ("members-max", "10"),
        ("moderated", "on"),
        ("no-ctcp", "on"),
        ("persistent", "on"),
        ("registered-only", "on"),
        ("secret", "on"),
        ("slow-mode", "30"),
        ("topic-locked", "on"),
        ("words", "*darn*,drat"),
    ];

    #[test]
    fn every_setting_is_parsed_applied_shown_and_taken_away() {
        let mut settings = RoomSettings::default();
        assert_eq!(VALUES.map(|(name, _)| name), SETTINGS);
        for (name, value) in VALUES {
            let change = RoomChange::parse(name, value).unwrap();
            assert_eq!((change.name(), change.value().as_str()), (name, value));
            settings.apply(change);
        }
        let entries = settings.entries();
        let shown: Vec<_> = entries.iter().map(|(name, it)| (*name, &**it)).collect();
        assert_eq!(shown, VALUES);
        for (name, _) in VALUES {
            let change = RoomChange::parse(name, OFF).unwrap();
            assert_eq!(change.value(), OFF);
            settings.apply(change);
        }
        assert_eq!(settings, RoomSettings::default());
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for (name, value, error) in [
            ("colour", "on", SettingError::Unknown),
            ("secret", "yes", SettingError::Switch),
            ("members-max", "0", SettingError::Number),
            ("members-max", "-1", SettingError::Number),
            ("slow-mode", "3601", SettingError::Seconds),
            ("slow-mode", "0s", SettingError::Seconds),
            ("join-throttle", "5", SettingError::Throttle),
            ("join-throttle", "0/5", SettingError::Throttle),
            ("key", "a b", SettingError::Key),
            ("key", "", SettingError::Key),
            ("key", ":a", SettingError::Key),
            ("key", "a,b", SettingError::Key),
            ("words", "a,,b", SettingError::Words),
            ("words", "*", SettingError::Words),
            ("words", "Off", SettingError::Words),
            ("words", "off,off", SettingError::Words),
        ] {
            assert_eq!(RoomChange::parse(name, value), Err(error), "{name} {value}");
        }
        let kept = RoomChange::parse_kept("key", ":a");
        assert_eq!(kept, Ok(RoomChange::Key(Some(":a".into()))));
        let many = (0..=words::WORDS_MAX).map(|it| format!("w{it}"));
        let many = many.collect::<Vec<_>>().join(",");
        assert_eq!(RoomChange::parse("words", &many), Err(SettingError::Words));
    }
}
