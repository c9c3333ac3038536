//! `LIST`, with all conditions that `ELIST` names: creation time, mask, not a mask, topic time, users.

use std::cmp::Ordering;

use super::Handling;
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::hub::command::{Command, Survey};
use crate::hub::glob::glob;
use crate::hub::output::RoomCard;
use crate::hub::time::UnixMillis;

/// Which rooms are wanted.
#[derive(Debug, Default)]
pub(in crate::daemon::protocol::irc) struct Filter {
    /// One of them, if there are any.
    masks: Vec<String>,
    /// All of them.
    conditions: Vec<Condition>,
}

#[derive(Debug)]
enum Condition {
    Not(String),
    Users(Ordering, u64),
    /// So many minutes ago.
    Created(Ordering, u64),
    Topic(Ordering, u64),
}

/// Conditions of one line that are looked at.
pub(in crate::daemon::protocol::irc) const CONDITIONS_MAX: usize = 20;

pub(super) fn list(handling: &mut Handling<'_>, line: &Line<'_>) {
    let filter = Filter::parse(line.param(0).unwrap_or_default());
    let context = Context::List(Box::new(filter));
    handling.command(Command::Survey(Survey::Rooms), context);
}

impl Filter {
    fn parse(text: &str) -> Self {
        let mut filter = Self::default();
        let words = text.split(',').filter(|word| !word.is_empty());
        for word in words.take(CONDITIONS_MAX) {
            match Condition::parse(word) {
                Some(condition) => filter.conditions.push(condition),
                None => filter.masks.push(word.to_lowercase()),
            }
        }
        filter
    }

    pub(in crate::daemon::protocol::irc) fn fits(&self, card: &RoomCard, now: UnixMillis) -> bool {
        let name = card.room.key();
        let mut masks = self.masks.iter();
        let is_named = self.masks.is_empty() || masks.any(|mask| glob(mask, name));
        is_named && self.conditions.iter().all(|it| it.fits(card, now))
    }
}

impl Condition {
    fn parse(word: &str) -> Option<Self> {
        if let Some(mask) = word.strip_prefix('!') {
            return Some(Self::Not(mask.to_lowercase()));
        }
        let rest = word.trim_start_matches(['C', 'c', 'T', 't']);
        let kind = &word[..word.len() - rest.len()];
        let order = match rest.chars().next()? {
            '<' => Ordering::Less,
            '>' => Ordering::Greater,
            _ => return None,
        };
        let number = rest[1..].parse().ok()?;
        Some(match kind {
            "" => Self::Users(order, number),
            "C" | "c" => Self::Created(order, number),
            "T" | "t" => Self::Topic(order, number),
            _ => return None,
        })
    }

    fn fits(&self, card: &RoomCard, now: UnixMillis) -> bool {
        let age = |at: UnixMillis| now.0.saturating_sub(at.0);
        let is = |order: &Ordering, age: u64, minutes: u64| {
            age.cmp(&minutes.saturating_mul(60_000)) == *order
        };
        match self {
            Self::Not(mask) => !glob(mask, card.room.key()),
            Self::Users(order, number) => (card.size as u64).cmp(number) == *order,
            Self::Created(order, minutes) => is(order, age(card.created_at), *minutes),
            Self::Topic(order, minutes) => {
                let set = card.topic_by.as_ref().filter(|_| card.topic.is_some());
                set.is_some_and(|&(_, at)| is(order, age(at), *minutes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::moderation::room::RoomSettings;
    use crate::hub::name::RoomName;
    use crate::hub::permission::Role;

    const MINUTE: u64 = 60_000;

    fn fits(filter: &str) -> bool {
        let nick = crate::hub::name::Nick::parse("ana").unwrap();
        let card = RoomCard {
            room: RoomName::parse("#Dev").unwrap(),
            topic: Some("tools".into()),
            topic_by: Some((nick, UnixMillis(9 * MINUTE))),
            created_at: UnixMillis(5 * MINUTE),
            settings: RoomSettings::default(),
            size: 3,
            members: Vec::new(),
            is_member: false,
            role: Role::Anyone,
        };
        Filter::parse(filter).fits(&card, UnixMillis(10 * MINUTE))
    }

    #[test]
    fn a_room_is_listed_where_all_conditions_and_one_mask_fit() {
        for filter in [
            "",
            "#dev",
            "#DEV,#x",
            "#d*",
            "*ev",
            ">2",
            "<4",
            "C>4",
            "c<6",
            "T<2",
            "T>0",
            "!#x*",
            ">2,#dev",
            ">2,<4,C>4",
        ] {
            assert!(fits(filter), "{filter}");
        }
        for filter in [
            "#x", "d*", ">3", "<3", "C>5", "C<5", "T>1", "!#d*", ">3,#dev", ">2,#x", "C", "CC>1",
        ] {
            assert!(!fits(filter), "{filter}");
        }
    }
}
