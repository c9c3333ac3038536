//! Who was here: the last users who went or gave up a nick, for whoever asks who that was. Only as long as the
//! daemon runs, and only where personas are shown; beyond the bound the oldest is forgotten.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::hub::name::Nick;
use crate::hub::persona::Persona;
use crate::hub::time::UnixMillis;

/// Users who are remembered.
const REMEMBERED_MAX: usize = 1000;

/// One who was called that.
#[derive(Clone, Debug, PartialEq)]
pub struct GoneCard {
    pub nick: Nick,
    pub persona: Arc<Persona>,
    pub at: UnixMillis,
}

/// The oldest first.
#[derive(Debug, Default)]
pub(in crate::hub) struct Gone(VecDeque<GoneCard>);

impl Gone {
    pub(in crate::hub) fn note(&mut self, card: GoneCard) {
        if self.0.len() == REMEMBERED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(card);
    }

    /// Those who had a nick, the last first, at most `most`.
    pub(in crate::hub) fn named(&self, nick: &Nick, most: usize) -> Vec<GoneCard> {
        let cards = self.0.iter().rev().filter(|card| card.nick == *nick);
        cards.take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::persona::CloakKey;

    fn card(nick: &str, at: usize) -> GoneCard {
        GoneCard {
            nick: Nick::parse(nick).unwrap(),
            persona: Arc::new(Persona {
                username: "~u".into(),
                host: CloakKey::default().cloak(None),
                realname: nick.into(),
                is_bot: false,
                account: None,
            }),
            at: UnixMillis(at as u64),
        }
    }

    #[test]
    fn the_last_are_remembered_and_told_first() {
        let mut gone = Gone::default();
        for at in 0..=REMEMBERED_MAX {
            gone.note(card(if at % 2 == 0 { "ana" } else { "ben" }, at));
        }
        assert_eq!(gone.0.len(), REMEMBERED_MAX);
        let ana = Nick::parse("ANA").unwrap();
        let at: Vec<u64> = gone.named(&ana, 2).iter().map(|it| it.at.0).collect();
        assert_eq!(at, [1000, 998]);
        assert_eq!(gone.named(&ana, usize::MAX).len(), REMEMBERED_MAX / 2);
        assert!(gone.named(&Nick::parse("cho").unwrap(), 9).is_empty());
    }
}
