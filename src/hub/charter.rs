//! What is set about one room and who has a role in it, with what its settings need to remember. What of it
//! outlives the room's members is a [`CharterRecord`], which the registry keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::history::OwnerId;
use super::moderation::room::{CharterRecord, RoleRecord, RoomSettings, Throttle};
use super::name::{Nick, RoomName};
use super::permission::{Role, RoomRole, Standing, Status};

/// Roles that one room may give.
pub(super) const ROLES_MAX: usize = 200;

/// Invitations to one room that may be open; the oldest give way.
pub(super) const INVITED_MAX: usize = 100;

/// Persons who are remembered to have spoken in one room with slow mode.
pub(super) const SPOKE_MAX: usize = 10_000;

/// One room's settings and roles.
#[derive(Debug, Default)]
pub(super) struct Charter {
    pub(super) settings: RoomSettings,
    /// By person, each as they were called when they got it.
    pub(super) roles: BTreeMap<OwnerId, (RoomRole, Nick)>,
    /// Operators and owners who are voiced beside that. It is not kept: over a restart it is only lost by those who
    /// may speak anyhow.
    pub(super) voiced: BTreeSet<OwnerId>,
    /// Who may come in once although the room is closed to them, the oldest first.
    pub(super) invited: Vec<OwnerId>,
    /// When each person last spoke, as uptime, while there is slow mode. Who leaves is remembered, or to come in
    /// again would be the way round it.
    pub(super) spoke: BTreeMap<OwnerId, Duration>,
    /// When as many may join again as the throttle says, as uptime.
    pub(super) joins_full_at: Duration,
    /// Whether the registry has it.
    pub(super) is_written: bool,
}

impl Charter {
    pub(super) fn role_of(&self, person: OwnerId) -> Role {
        self.roles
            .get(&person)
            .map_or(Role::Anyone, |&(role, _)| role.into())
    }

    /// Whether a person has anything that [`inherit`](Self::inherit) hands on.
    pub(super) fn knows(&self, person: OwnerId) -> bool {
        self.roles.contains_key(&person)
            || self.spoke.contains_key(&person)
            || self.invited.contains(&person)
    }

    /// What one person has is another's from now on, and the more of both where both have it.
    pub(super) fn inherit(&mut self, from: OwnerId, to: OwnerId) {
        let is_voiced = [from, to].map(|it| self.standing_of(it).has(Status::Voiced));
        self.voiced.remove(&from);
        if let Some((role, nick)) = self.roles.remove(&from)
            && self.roles.get(&to).is_none_or(|&(own, _)| own < role)
        {
            self.roles.insert(to, (role, nick));
        }
        if is_voiced.contains(&true) && self.standing_of(to).has(Status::Operator) {
            self.voiced.insert(to);
        }
        if let Some(at) = self.spoke.remove(&from) {
            let own = self.spoke.entry(to).or_insert(at);
            *own = at.max(*own);
        }
        if let Some(place) = self.invited.iter().position(|&it| it == from) {
            if self.invited.contains(&to) {
                self.invited.remove(place);
            } else {
                self.invited[place] = to;
            }
        }
    }

    pub(super) fn standing_of(&self, person: OwnerId) -> Standing {
        Standing {
            role: self.roles.get(&person).map(|&(role, _)| role),
            is_voiced: self.voiced.contains(&person),
        }
    }

    /// `nick` is what they are called now.
    pub(super) fn set_standing(&mut self, person: OwnerId, nick: Nick, standing: Standing) {
        match standing.role {
            Some(role) => self.roles.insert(person, (role, nick)),
            None => self.roles.remove(&person),
        };
        if standing.is_voiced {
            self.voiced.insert(person);
        } else {
            self.voiced.remove(&person);
        }
    }

    /// Whether there is more than an owner, whom every room gets that somebody opens.
    pub(super) fn is_set(&self) -> bool {
        is_set(&self.settings, self.roles.values().map(|&(role, _)| role))
    }

    /// How long somebody still waits in slow mode; `None` when they may speak.
    pub(super) fn slow_wait(&self, person: OwnerId, now: Duration) -> Option<Duration> {
        let wait = self.settings.slow_mode?;
        let again = *self.spoke.get(&person)? + wait;
        (again > now).then(|| again.saturating_sub(now))
    }

    /// Somebody has spoken. Those who need not wait any more are forgotten once there are more than so many
    /// members, and past [`SPOKE_MAX`] whoever has waited longest.
    pub(super) fn note_speech(&mut self, person: OwnerId, members: usize, now: Duration) {
        let Some(wait) = self.settings.slow_mode else {
            return;
        };
        self.spoke.insert(person, now);
        if self.spoke.len() > members {
            self.spoke.retain(|_, at| *at + wait > now);
        }
        if self.spoke.len() > SPOKE_MAX {
            let oldest = self.spoke.iter().min_by_key(|&(_, at)| at);
            let oldest = oldest.map(|(&person, _)| person);
            oldest.map(|person| self.spoke.remove(&person));
        }
    }

    /// When the next may join, if not now, as a wait.
    pub(super) fn join_wait(&self, now: Duration) -> Option<Duration> {
        let throttle = self.settings.join_throttle?;
        let full_at = self.joins_full_after_one(throttle, now);
        let late = full_at.saturating_sub(now).checked_sub(throttle.within)?;
        (!late.is_zero()).then_some(late)
    }

    /// One has joined.
    pub(super) fn count_join(&mut self, now: Duration) {
        if let Some(throttle) = self.settings.join_throttle {
            self.joins_full_at = self.joins_full_after_one(throttle, now);
        }
    }

    fn joins_full_after_one(&self, throttle: Throttle, now: Duration) -> Duration {
        self.joins_full_at.max(now) + throttle.within / throttle.count.max(1)
    }

    pub(super) fn record(&self, room: RoomName) -> CharterRecord {
        CharterRecord {
            room,
            settings: self.settings.clone(),
            roles: self.role_records(),
        }
    }

    /// The highest first, then by nick.
    pub(super) fn role_records(&self) -> Vec<RoleRecord> {
        let records = self.roles.iter().map(|(&owner, (role, nick))| RoleRecord {
            owner,
            nick: nick.clone(),
            role: *role,
        });
        let mut records: Vec<RoleRecord> = records.collect();
        records.sort_by(|a, b| (b.role, &a.nick).cmp(&(a.role, &b.nick)));
        records
    }
}

/// As [`Charter::is_set`], of a record.
pub(super) fn is_record_set(record: &CharterRecord) -> bool {
    is_set(&record.settings, record.roles.iter().map(|it| it.role))
}

fn is_set(settings: &RoomSettings, mut roles: impl Iterator<Item = RoomRole>) -> bool {
    let is_plain = match (roles.next(), roles.next()) {
        (None | Some(RoomRole::Owner), None) => true,
        (None | Some(_), _) => false,
    };
    !is_plain || *settings != RoomSettings::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_throttle_lets_so_many_in_at_once_and_then_one_by_one() {
        let mut charter = Charter::default();
        charter.settings.join_throttle = Some(Throttle {
            count: 3,
            within: at(60),
        });
        for _ in 0..3 {
            assert_eq!(charter.join_wait(at(100)), None);
            charter.count_join(at(100));
        }
        assert_eq!(charter.join_wait(at(100)), Some(at(20)));
        assert_eq!(charter.join_wait(at(119)), Some(at(1)));
        assert_eq!(charter.join_wait(at(120)), None);
        charter.count_join(at(120));
        assert_eq!(charter.join_wait(at(120)), Some(at(20)));
        assert_eq!(charter.join_wait(at(180)), None);
    }

    #[test]
    fn slow_mode_makes_each_member_wait_for_themselves() {
        let mut charter = Charter::default();
        charter.settings.slow_mode = Some(at(30));
        assert_eq!(charter.slow_wait(OwnerId(1), at(5)), None);
        charter.note_speech(OwnerId(1), 1, at(5));
        assert_eq!(charter.slow_wait(OwnerId(1), at(5)), Some(at(30)));
        assert_eq!(charter.slow_wait(OwnerId(2), at(5)), None);
        assert_eq!(charter.slow_wait(OwnerId(1), at(35)), None);
    }

    #[test]
    fn who_has_left_is_remembered_while_they_would_wait_and_no_crowd_for_ever() {
        let mut charter = Charter::default();
        charter.settings.slow_mode = Some(at(30));
        charter.note_speech(OwnerId(1), 1, at(5));
        charter.note_speech(OwnerId(2), 1, at(20));
        assert_eq!(charter.slow_wait(OwnerId(1), at(20)), Some(at(15)));
        charter.note_speech(OwnerId(3), 1, at(35));
        assert_eq!(charter.spoke.len(), 2, "the first need not wait any more");
        for person in 0..SPOKE_MAX as u64 {
            charter.note_speech(OwnerId(10 + person), 1, at(40));
        }
        assert_eq!(charter.spoke.len(), SPOKE_MAX);
        assert_eq!(
            charter.slow_wait(OwnerId(3), at(40)),
            None,
            "the oldest gives way"
        );
    }
}
