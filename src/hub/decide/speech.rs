//! Whether somebody may speak: what is set about the room, who is muted, and the words that may not be said.

use std::sync::Arc;

use super::Asker;
use crate::hub::id::RoomId;
use crate::hub::moderation::request::Moderation;
use crate::hub::moderation::rule::Effect;
use crate::hub::moderation::subject::Traits;
use crate::hub::moderation::words;
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::Action;
use crate::hub::refusal::{InForce, Refusal};

impl Asker<'_> {
    /// The room of a name that the user is in, or that is open to messages from outside.
    pub(super) fn room_to_speak_in(&self, name: RoomName) -> Result<RoomId, Refusal> {
        let found = self.own_room(name.clone());
        let Err(Refusal::NotInRoom(_)) = found else {
            return found;
        };
        let id = self.room(name.clone())?;
        let room = self.state.room(id);
        let settings = &room.charter.settings;
        if !settings.external_messages || settings.is_closed() {
            return Err(Refusal::NotInRoom(name));
        }
        if let Some(ban) = self.rule_of(Some(&room.name), Effect::Ban)
            && !self.state.role_in(self.id, id).may(Action::Rule)
        {
            return Err(Refusal::Banned(Some(name), ban));
        }
        Ok(id)
    }

    /// Whether the user may say a text in a room that they are in.
    pub(in crate::hub) fn may_speak_in(&self, id: RoomId, text: &str) -> Result<(), Refusal> {
        self.may_be_read_in(id, text)?;
        let room = self.state.room(id);
        let charter = &room.charter;
        if charter.settings.no_ctcp && text.starts_with(CTCP) {
            return Err(Refusal::NoCtcp(room.name.clone()));
        }
        if charter.settings.slow_mode.is_some()
            && !self.state.role_in(self.id, id).may(Action::SpeakFast)
            && let Some(wait) = charter.slow_wait(self.owner(), self.now.uptime)
        {
            let retry_after_ms = super::millis(wait);
            return Err(Refusal::SlowMode { retry_after_ms });
        }
        Ok(())
    }

    /// Whether the user may have a text in a room: as something that they say, or said and say otherwise now, or
    /// as its topic.
    pub(in crate::hub) fn may_be_read_in(&self, id: RoomId, text: &str) -> Result<(), Refusal> {
        self.may_say(text)?;
        let room = self.state.room(id);
        let settings = &room.charter.settings;
        let role = || self.state.role_in(self.id, id);
        if settings.moderated && !role().may(Action::SpeakModerated) {
            return Err(Refusal::RoomModerated(room.name.clone()));
        }
        if let Some(mute) = self.rule_of(Some(&room.name), Effect::Mute)
            && !role().may(Action::SpeakMuted)
        {
            return Err(Refusal::Muted(Some(room.name.clone()), mute));
        }
        must_not_have(&settings.words, text)
    }

    /// Whether the user may have a text in all rooms that they are in, as their last word.
    pub(super) fn may_be_read_around(&self, text: &str) -> bool {
        let mut places = self.user.places.iter();
        self.may_say(text).is_ok() && places.all(|it| self.may_be_read_in(it.room, text).is_ok())
    }

    /// Whether the user may say a text to anybody.
    pub(in crate::hub) fn may_say(&self, text: &str) -> Result<(), Refusal> {
        if let Some(mute) = self.rule_of(None, Effect::Mute)
            && !self.state.is_server_operator(self.id)
        {
            return Err(Refusal::Muted(None, mute));
        }
        must_not_have(&self.settings.blocked_words, text)
    }

    /// Whether an order says nothing that they may not say: the name of a room may say a lot, and all of it hear why
    /// it has another.
    pub(super) fn may_say_by(&self, order: &Moderation) -> Result<(), Refusal> {
        let Moderation::RenameRoom { to, reason, .. } = order else {
            return Ok(());
        };
        self.may_say(to.as_str())?;
        self.may_say(reason.as_deref().unwrap_or_default())
    }

    /// Whether no mute that holds for the user, in a room that they are in or everywhere, would end with
    /// another nick.
    pub(super) fn must_stay_muted_as(&self, nick: &Nick) -> Result<(), Refusal> {
        let places = self.user.places.iter();
        let rooms =
            places.filter(|it| !self.state.role_in(self.id, it.room).may(Action::SpeakMuted));
        let rooms = rooms.map(|it| Some(&self.state.room(it.room).name));
        let rules = &self.state.rules;
        for room in rooms.chain([None]) {
            let Some(mute) = self.rule_of(room, Effect::Mute) else {
                continue;
            };
            let stays = self.state.with_traits(self.id, |who| {
                let renamed = Traits { nick, ..who };
                rules.holding(room, Effect::Mute, renamed).is_some()
            });
            if !stays {
                return Err(Refusal::Muted(room.cloned(), mute));
            }
        }
        Ok(())
    }

    /// Whether no ban of the server is about a nick that the user wants to have.
    pub(super) fn may_be_called(&self, nick: &Nick) -> Result<(), Refusal> {
        let rules = &self.state.rules;
        let banned = self.state.with_traits(self.id, |who| {
            let ban = rules.holding(None, Effect::Ban, Traits { nick, ..who })?;
            Some(InForce::of(ban, self.now.unix))
        });
        match banned {
            Some(ban) => Err(Refusal::Banned(None, Box::new(ban))),
            None => Ok(()),
        }
    }

    /// What holds for the user, in a room or everywhere.
    pub(super) fn rule_of(&self, room: Option<&RoomName>, effect: Effect) -> Option<Box<InForce>> {
        let rules = &self.state.rules;
        rules.of(room, effect).next()?; // who is looked at costs more than whether there are rules
        let rule = self
            .state
            .with_traits(self.id, |who| rules.holding(room, effect, who).cloned())?;
        Some(Box::new(InForce::of(&rule, self.now.unix)))
    }
}

/// What begins a message of one program to another.
const CTCP: char = '\u{1}';

pub(super) fn must_not_have(words: &[Arc<str>], text: &str) -> Result<(), Refusal> {
    match words::find(words, text) {
        Some(_) => Err(Refusal::BlockedWord),
        None => Ok(()),
    }
}
