//! All rules that hold, by where they hold and what they do, and when they end. What is looked at for every
//! message (are there mutes here?) costs nothing where there is nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::rule::{Effect, Rule, RuleId};
use super::subject::{Subject, Traits};
use crate::hub::address::Network;
use crate::hub::name::RoomName;

/// Rules of one effect that a room may have: each is looked at for whoever enters or speaks.
pub const PER_ROOM_MAX: usize = 500;

/// Bans that the server may have: all are looked at for every login.
pub(in crate::hub) const SERVER_BANS_MAX: usize = 10_000;

/// Rules that rooms may have in all. The server's own have their own bounds, so that no crowd of rooms takes
/// the operators' place.
pub(in crate::hub) const RULES_MAX: usize = 200_000;

/// The rules of all rooms and of the server.
#[derive(Debug, Default)]
pub(in crate::hub) struct Rules {
    by_id: BTreeMap<RuleId, Rule>,
    places: BTreeMap<(Option<RoomName>, Effect), Vec<RuleId>>,
    /// As uptime.
    ends: BTreeSet<(Duration, RuleId)>,
    end_of: BTreeMap<RuleId, Duration>,
    last: RuleId,
}

impl Rules {
    /// The id that the next rule gets.
    pub(in crate::hub) fn next_id(&self) -> RuleId {
        RuleId(self.last.0 + 1)
    }

    /// Why there is no place for one more, as the most there may be; `rules_max` in all rooms.
    pub(in crate::hub) fn admit(
        &self,
        room: Option<&RoomName>,
        effect: Effect,
        rules_max: usize,
    ) -> Result<(), usize> {
        let max = match (room, effect) {
            (None, Effect::Ban) => SERVER_BANS_MAX,
            (None | Some(_), _) => PER_ROOM_MAX,
        };
        if self.of(room, effect).count() >= max {
            return Err(max);
        }
        if room.is_some() && self.by_id.len() >= rules_max {
            return Err(rules_max);
        }
        Ok(())
    }

    /// Takes a rule in, whose id is new, and which ends at `end`, as uptime.
    pub(in crate::hub) fn add(&mut self, rule: Rule, end: Option<Duration>) {
        let id = rule.id;
        self.last = self.last.max(id);
        if let Some(end) = end {
            self.ends.insert((end, id));
            self.end_of.insert(id, end);
        }
        let place = (rule.room.clone(), rule.effect);
        self.places.entry(place).or_default().push(id);
        let before = self.by_id.insert(id, rule);
        debug_assert!(before.is_none(), "each rule has an id of its own");
    }

    pub(in crate::hub) fn remove(&mut self, id: RuleId) -> Option<Rule> {
        let rule = self.by_id.remove(&id)?;
        if let Some(end) = self.end_of.remove(&id) {
            self.ends.remove(&(end, id));
        }
        let place = (rule.room.clone(), rule.effect);
        if let Some(ids) = self.places.get_mut(&place) {
            ids.retain(|&other| other != id);
            if ids.is_empty() {
                self.places.remove(&place);
            }
        }
        Some(rule)
    }

    /// Those of a room are another's from now on: one of the same kind, or of none.
    pub(in crate::hub) fn rename_room(&mut self, from: &RoomName, to: &RoomName) {
        for effect in Effect::ALL {
            let Some(ids) = self.places.remove(&(Some(from.clone()), effect)) else {
                continue;
            };
            for id in &ids {
                if let Some(rule) = self.by_id.get_mut(id) {
                    rule.room = Some(to.clone());
                }
            }
            self.places.insert((Some(to.clone()), effect), ids);
        }
    }

    pub(in crate::hub) fn get(&self, id: RuleId) -> Option<&Rule> {
        self.by_id.get(&id)
    }

    /// Those of one effect, in the order in which they were made.
    pub(in crate::hub) fn of(
        &self,
        room: Option<&RoomName>,
        effect: Effect,
    ) -> impl Iterator<Item = &Rule> {
        let ids = if self.places.is_empty() {
            None
        } else {
            self.places.get(&(room.cloned(), effect))
        };
        ids.into_iter().flatten().map(|id| &self.by_id[id])
    }

    /// All of a room, or of the server.
    pub(in crate::hub) fn all_of(&self, room: Option<&RoomName>) -> impl Iterator<Item = &Rule> {
        let effects = Effect::ALL.into_iter();
        effects.flat_map(move |effect| self.of(room, effect))
    }

    pub(in crate::hub) fn find(
        &self,
        room: Option<&RoomName>,
        effect: Effect,
        subject: &Subject,
    ) -> Option<&Rule> {
        self.of(room, effect).find(|rule| rule.subject == *subject)
    }

    /// The rule of this effect that holds for somebody; bans and mutes do not hold for the exempt.
    pub(in crate::hub) fn holding(
        &self,
        room: Option<&RoomName>,
        effect: Effect,
        who: Traits<'_>,
    ) -> Option<&Rule> {
        let found = self.of(room, effect).find(|rule| rule.subject.fits(who))?;
        self.does_hold(found, who).then_some(found)
    }

    /// Whether one rule holds for somebody.
    pub(in crate::hub) fn does_hold(&self, rule: &Rule, who: Traits<'_>) -> bool {
        let mut exemptions = self.of(rule.room.as_ref(), Effect::Exempt);
        let can_be_exempt = matches!(rule.effect, Effect::Ban | Effect::Mute);
        rule.subject.fits(who) && !(can_be_exempt && exemptions.any(|it| it.subject.fits(who)))
    }

    /// The server's ban of an address whoever comes from there, unless some of those are exempt.
    pub(in crate::hub) fn ban_of_address(&self, network: Network) -> Option<&Rule> {
        let mut bans = self.of(None, Effect::Ban);
        let ban = bans.find(|rule| rule.subject.has_address(network))?;
        // Who is exempt by name or account is only known once they log in.
        self.of(None, Effect::Exempt)
            .next()
            .is_none()
            .then_some(ban)
    }

    /// When the next one ends, as uptime.
    pub(in crate::hub) fn next_end(&self) -> Option<Duration> {
        self.ends.first().map(|&(end, _)| end)
    }

    /// One that has ended; it must be removed, or it is named for ever.
    pub(in crate::hub) fn due(&self, now: Duration) -> Option<RuleId> {
        let &(end, id) = self.ends.first()?;
        (end <= now).then_some(id)
    }

    /// All of them, by id.
    pub(in crate::hub) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.by_id.values()
    }

    /// # Panics
    /// When the lists do not agree: that is a bug.
    pub(in crate::hub) fn check(&self) {
        let listed: usize = self.places.values().map(Vec::len).sum();
        assert_eq!(listed, self.by_id.len());
        assert_eq!(self.ends.len(), self.end_of.len());
        for ((room, effect), ids) in &self.places {
            assert!(!ids.is_empty());
            for id in ids {
                let rule = &self.by_id[id];
                assert_eq!((&rule.room, rule.effect), (room, *effect));
                assert!(rule.id <= self.last);
                assert_eq!(rule.until.is_some(), self.end_of.contains_key(id));
            }
        }
    }
}
