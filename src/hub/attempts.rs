//! How fast passwords may be guessed. Failed logins slow the next one down, at three gates: the *address*,
//! whichever account it tries; the account *from there*; and the *account*, wherever it is tried from. Who
//! fails is never shut out for good.
//!
//! The first two have long waits, and keep whoever guesses from soon being asked at the third. That one must
//! not keep the owner out, whatever strangers do, so its wait is short and a lot says who is next (`gate.rs`):
//! of n places that try, each has one chance in n at each wait. Where an account was logged in to before,
//! nothing that others do elsewhere counts: there it has a gate of its own, as short, where the lot is among
//! connections. TCP peers on this machine are one place, and cannot be told apart: everybody behind a local
//! proxy is there, so they have no long wait. Peers on a Unix socket are told apart by their uid, and have
//! none either.
//!
//! An attempt that is being checked counts as one that failed until its answer says otherwise: else as many
//! as can be asked for before the first answer would share one wait.

use std::mem;
use std::time::Duration;

use super::address::Source;
use super::gate::{Among, Bound, Claim, Gates, draw};
use super::history::OwnerId;
use super::id::{SessionId, UserKey};
use super::name::Nick;
use super::usual::UsualPlaces;

/// Of an account, wherever it is tried from. The wait is a third of the default `login_timeout`, so that a
/// connection lives to see its turn.
const ACCOUNT: Bound = Bound {
    free: 5,
    wait_max: Duration::from_secs(10),
    lot: Some(Among::Sources),
};

/// Of an account from where its owner was before.
const USUAL: Bound = Bound {
    lot: Some(Among::Sessions),
    ..ACCOUNT
};

/// Of an account from one address.
const FROM_THERE: Bound = Bound {
    free: 5,
    wait_max: Duration::from_secs(15 * 60),
    lot: None,
};

/// Of an address.
const ADDRESS: Bound = Bound {
    free: 10,
    ..FROM_THERE
};

/// Attempts that have to wait share a line of the log for so long: they cost whoever makes them nothing.
pub(super) const SLOWED_TOLD_EVERY: Duration = Duration::from_secs(10);

/// Who has failed lately.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    gates: Gates<Of>,
    usual: UsualPlaces,
    slowed: Slowed,
    /// What lots are drawn with. Every attempt stirs it with its session's key, which was random.
    luck: u64,
}

/// What a gate is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Address(Source),
    FromThere(Nick, Source),
    Account(Nick),
}

/// Who tries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) session: SessionId,
    pub(super) source: Source,
    pub(super) key: UserKey,
}

/// An attempt that is being checked.
#[derive(Debug)]
pub(super) struct Attempt {
    /// `None` where no password is guessed at.
    account: Option<Nick>,
    source: Source,
    counted: Vec<Of>,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Failed,
    Good,
    /// It says nothing about who made it.
    NoGuess,
}

/// Attempts that were refused since the log was last told.
#[derive(Debug, Default)]
struct Slowed {
    count: u32,
    told_at: Option<Duration>,
}

impl Attempts {
    /// How long until this may be tried; `None` at once. `account` is that whose password it may be a guess
    /// at. `is_there` says of a connection whether it could still log in.
    pub(super) fn wait(
        &mut self,
        account: Option<&Nick>,
        asker: Asker,
        now: Duration,
        is_there: impl Fn(SessionId) -> bool,
    ) -> Option<Duration> {
        let source = asker.source;
        let usual = account.filter(|account| self.usual.knows(account, source));
        let (short, bound) = match (usual, account) {
            (Some(account), _) => (Some(Of::FromThere(account.clone(), source)), USUAL),
            (None, account) => (account.cloned().map(Of::Account), ACCOUNT),
        };
        if usual.is_none() && matches!(source, Source::Network(_)) {
            let address = self.gates.wait(&Of::Address(source), ADDRESS, now);
            let from_there = account.and_then(|account| {
                let of = Of::FromThere(account.clone(), source);
                self.gates.wait(&of, FROM_THERE, now)
            });
            // Who has to wait here has no claim there.
            if let Some(wait) = address.max(from_there) {
                return Some(wait);
            }
        }
        let claim = Claim::new(source, asker.session, bound.lot?);
        self.gates.stand(&short?, bound, claim, now, is_there)
    }

    /// An attempt that need not wait is being checked from now on. Each is to be [`ended`](Self::ended).
    pub(super) fn began(&mut self, account: Option<&Nick>, asker: Asker, now: Duration) -> Attempt {
        let source = asker.source;
        let is_remote = matches!(source, Source::Network(_));
        let mut counted = Vec::new();
        if is_remote {
            counted.push(Of::Address(source));
        }
        if let Some(account) = account {
            let is_usual = self.usual.knows(account, source);
            if is_remote || is_usual {
                counted.push(Of::FromThere(account.clone(), source));
            }
            if !is_usual {
                counted.push(Of::Account(account.clone()));
            }
        }
        self.luck = draw(self.luck, &OwnerId::of(asker.key).0.to_string());
        for of in &counted {
            self.gates.began(of.clone(), self.luck, now);
        }
        Attempt {
            account: account.cloned(),
            source,
            counted,
        }
    }

    /// What came of an attempt.
    pub(super) fn ended(&mut self, attempt: &Attempt, outcome: Outcome, now: Duration) {
        for of in &attempt.counted {
            self.gates.ended(of, outcome == Outcome::Failed, now);
        }
        let (Outcome::Good, Some(account)) = (outcome, &attempt.account) else {
            return;
        };
        // The account begins anew there. What strangers tried elsewhere stands, and so does the address, or
        // whoever has one account could guess at others for ever.
        self.gates
            .begin_anew(&Of::FromThere(account.clone(), attempt.source));
        self.usual.note(account, attempt.source);
    }

    /// Counts an attempt that has to wait. Says how many there were whenever the log is to be told.
    pub(super) fn slowed(&mut self, now: Duration) -> Option<u32> {
        let slowed = &mut self.slowed;
        slowed.count = slowed.count.saturating_add(1);
        let is_due = slowed
            .told_at
            .is_none_or(|at| now.saturating_sub(at) >= SLOWED_TOLD_EVERY);
        is_due.then(|| {
            slowed.told_at = Some(now);
            mem::take(&mut slowed.count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::Network;
    use super::super::gate::WAIT;
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn nick(text: &str) -> Nick {
        Nick::parse(text).unwrap()
    }

    fn asker(serial: u32, source: Source) -> Asker {
        Asker {
            session: SessionId { slot: 0, serial },
            source,
            key: UserKey(u128::from(serial)),
        }
    }

    fn from(last: u8) -> Asker {
        let network = Network::V4([203, 0, 113, last]);
        asker(u32::from(last), Source::Network(network))
    }

    fn here() -> Asker {
        asker(1, Source::Machine)
    }

    impl Attempts {
        fn wait_for(&mut self, account: &Nick, asker: Asker, now: Duration) -> Option<Duration> {
            self.wait(Some(account), asker, now, |_| true)
        }

        fn end(&mut self, account: &Nick, asker: Asker, outcome: Outcome, now: Duration) {
            let attempt = self.began(Some(account), asker, now);
            self.ended(&attempt, outcome, now);
        }
    }

    #[test]
    fn an_attempt_that_is_being_checked_counts_as_one_that_failed() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        let mut under_way = Vec::new();
        while attempts.wait_for(&ana, here(), NOW).is_none() {
            under_way.push(attempts.began(Some(&ana), here(), NOW));
        }
        assert_eq!(under_way.len(), ACCOUNT.free as usize + 1);
        let later = NOW + Duration::from_secs(60);
        assert!(attempts.wait_for(&ana, here(), later).is_some());
        for attempt in &under_way {
            attempts.ended(attempt, Outcome::Failed, later);
        }
        assert_eq!(attempts.wait_for(&ana, here(), later), Some(WAIT));
        let then = later + WAIT;
        assert_eq!(attempts.wait_for(&ana, here(), then), None);
        let attempt = attempts.began(Some(&ana), here(), then);
        assert!(attempts.wait_for(&ana, here(), then).is_some());
        attempts.ended(&attempt, Outcome::NoGuess, then);
        let left = attempts.wait_for(&ana, here(), then);
        assert_eq!(left, Some(WAIT), "it took as long as one");
        for number in 0..=ADDRESS.free {
            let victim = nick(&format!("n{number}"));
            assert_eq!(attempts.wait_for(&victim, from(1), NOW), None, "{number}");
            attempts.began(Some(&victim), from(1), NOW);
        }
        assert!(attempts.wait(None, from(1), NOW, |_| true).is_some());
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        let mut waits = Vec::new();
        for _ in 0..11 {
            attempts.end(&ana, here(), Outcome::Failed, NOW);
            let wait = attempts.wait_for(&ana, here(), NOW);
            waits.push(wait.map(|it| it.as_secs()));
        }
        assert_eq!(waits[..5], [None; 5]);
        assert_eq!(waits[5..], [1, 2, 4, 8, 10, 10].map(Some));
        let later = NOW + Duration::from_secs(9);
        let left = attempts.wait_for(&ana, from(1), later);
        assert_eq!(left, Some(Duration::from_secs(1)), "from anywhere");
        assert_eq!(attempts.wait_for(&nick("ben"), here(), later), None);
    }

    #[test]
    fn an_address_is_slowed_whatever_it_tries() {
        let mut attempts = Attempts::default();
        for number in 0..=ADDRESS.free {
            let victim = nick(&format!("victim{number}"));
            attempts.end(&victim, from(1), Outcome::Failed, NOW);
        }
        let fresh = nick("somebody-else");
        assert_eq!(attempts.wait_for(&fresh, from(1), NOW), Some(WAIT));
        assert_eq!(attempts.wait_for(&fresh, from(2), NOW), None);
        attempts.end(&fresh, from(1), Outcome::Good, NOW);
        let other = nick("another");
        assert!(attempts.wait_for(&other, from(1), NOW).is_some());
        let usual = attempts.wait_for(&fresh, from(1), NOW);
        assert_eq!(usual, None, "who is known there is not slowed by others");
    }

    #[test]
    fn one_address_waits_long_at_an_account_and_others_do_not() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        for _ in 0..20 {
            attempts.end(&ana, from(9), Outcome::Failed, NOW);
        }
        let later = NOW + ACCOUNT.wait_max;
        assert_eq!(attempts.wait_for(&ana, from(8), later), None);
        let left = attempts.wait_for(&ana, from(9), later);
        assert_eq!(left, Some(FROM_THERE.wait_max - ACCOUNT.wait_max));
    }

    #[test]
    fn who_logged_in_before_is_not_kept_out_by_a_stranger() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        attempts.end(&ana, from(1), Outcome::Good, NOW);
        for _ in 0..20 {
            attempts.end(&ana, from(9), Outcome::Failed, NOW);
        }
        assert!(attempts.wait_for(&ana, from(8), NOW).is_some());
        assert_eq!(attempts.wait_for(&ana, from(1), NOW), None);
        for _ in 0..20 {
            attempts.end(&ana, from(1), Outcome::Failed, NOW);
        }
        let own = attempts.wait_for(&ana, from(1), NOW);
        assert_eq!(own, Some(USUAL.wait_max), "there it is slowed all the same");
        attempts.end(&ana, from(1), Outcome::Good, NOW);
        assert_eq!(attempts.wait_for(&ana, from(1), NOW), None);
    }

    #[test]
    fn peers_of_a_unix_socket_are_told_apart_by_their_uid() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        let (owner, stranger) = (Source::User([0, 0, 0, 1]), Source::User([0, 0, 0, 2]));
        attempts.end(&ana, asker(1, owner), Outcome::Good, NOW);
        for _ in 0..20 {
            attempts.end(&ana, asker(2, stranger), Outcome::Failed, NOW);
        }
        assert!(attempts.wait_for(&ana, asker(3, stranger), NOW).is_some());
        assert_eq!(attempts.wait_for(&ana, asker(4, owner), NOW), None);
    }

    #[test]
    fn the_log_is_told_of_the_first_and_then_of_many_at_once() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.slowed(NOW), Some(1));
        for _ in 0..41 {
            assert_eq!(attempts.slowed(NOW + Duration::from_secs(9)), None);
        }
        assert_eq!(attempts.slowed(NOW + SLOWED_TOLD_EVERY), Some(42));
        assert_eq!(attempts.slowed(NOW + SLOWED_TOLD_EVERY), None);
    }
}
