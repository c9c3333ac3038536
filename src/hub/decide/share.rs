//! How much of what the whole server has places for somebody may fill with what they set: it outlives who set it.

use super::moderation::Moderator;
use crate::hub::id::RoomId;
use crate::hub::refusal::Refusal;
use crate::hub::state::{CHARTERS_MAX, State};

impl Moderator {
    /// How much of a bound of the whole server they may fill. What is set outlives who set it, and guests come
    /// again as somebody else: so they leave half to those with an account, and all leave a tenth to those who
    /// keep order everywhere.
    pub(super) fn share(self, state: &State, max: usize) -> usize {
        match self.0 {
            Some(user) if state.is_server_operator(user) => max,
            Some(user) if state.account_of(user).is_some() => max - max / 10,
            Some(_) => share_of_guests(max),
            None => max,
        }
    }
}

/// How much of a bound of the whole server whoever comes by may fill.
pub(in crate::hub) fn share_of_guests(max: usize) -> usize {
    max / 2
}

/// Whether one more thing may be set about a room.
pub(super) fn must_have_charter(state: &State, by: Moderator, room: RoomId) -> Result<(), Refusal> {
    let max = by.share(state, CHARTERS_MAX);
    if state.written_rooms >= max && !state.room(room).charter.is_written {
        return Err(Refusal::TooManyCharters { max });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::address::Source;
    use crate::hub::change::{Change, Who};
    use crate::hub::history::OwnerId;
    use crate::hub::id::{SessionId, UserKey};
    use crate::hub::moderation::RULES_MAX;
    use crate::hub::moderation::rule::{Effect, Rule};
    use crate::hub::moderation::subject::Subject;
    use crate::hub::name::{Nick, RoomName};
    use crate::hub::state::DEFAULT_ROOM;
    use crate::hub::time::UnixMillis;

    fn arrive(state: &mut State, number: u32, account: Option<bool>) -> Moderator {
        let session = SessionId {
            slot: number,
            serial: 1,
        };
        let nick = Nick::parse(&format!("n{number}")).unwrap();
        let at = UnixMillis(1);
        state.apply(Change::Connected {
            session,
            source: Source::Machine,
            key: UserKey(number.into()),
            at,
        });
        let guest = Who::Guest { key: None };
        let who = account.map_or(guest, |is_operator| Who::Account {
            owner: OwnerId(number.into()),
            account: nick.clone(),
            is_operator,
            token: None,
        });
        state.apply(Change::LoggedIn {
            session,
            nick,
            who,
            does_resume: false,
            at,
        });
        Moderator(state.session(session).unwrap().user)
    }

    #[test]
    fn strangers_leave_places_to_accounts_and_all_leave_some_to_those_who_keep_order() {
        let mut state = State::new(RoomName::lobby());
        let by = [
            arrive(&mut state, 0, None),
            arrive(&mut state, 1, Some(false)),
            arrive(&mut state, 2, Some(true)),
            Moderator(None),
        ];
        for (written, may) in [
            (9_999, [true, true, true, true]),
            (10_000, [false, true, true, true]),
            (17_999, [false, true, true, true]),
            (18_000, [false, false, true, true]),
            (19_999, [false, false, true, true]),
            (20_000, [false, false, false, false]),
        ] {
            state.written_rooms = written;
            let found = by.map(|by| must_have_charter(&state, by, DEFAULT_ROOM).is_ok());
            assert_eq!(found, may, "{written}");
        }
        let shares = by.map(|by| by.share(&state, RULES_MAX));
        assert_eq!(shares, [100_000, 180_000, 200_000, 200_000]);
    }

    #[test]
    fn there_is_a_bound_of_the_rules_of_all_rooms() {
        let mut state = State::new(RoomName::lobby());
        let subject = Subject::parse("ben").unwrap();
        let rule = Rule {
            id: state.rules.next_id(),
            room: Some(RoomName::lobby()),
            effect: Effect::Ban,
            subject,
            by: None,
            reason: None,
            at: UnixMillis(1),
            until: None,
        };
        state.rules.add(rule, None);
        let other = RoomName::parse("#dev").unwrap();
        assert_eq!(state.rules.admit(Some(&other), Effect::Ban, 2), Ok(()));
        assert_eq!(state.rules.admit(Some(&other), Effect::Ban, 1), Err(1));
        assert_eq!(state.rules.admit(None, Effect::Ban, 1), Ok(()));
    }
}
