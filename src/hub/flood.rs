//! How fast a session may go: a token bucket, what each command costs, and when patience ends.
//!
//! The bucket is kept as one number, the moment at which it will be full again; a token more is
//! that moment moved by `1 / rate`. Nothing has to be refilled, and an idle session costs no work.

use super::command::{Command, Survey};
use super::moderation::request::Moderation;
use super::people::{self, metadata};
use super::settings::Settings;
use super::state::State;

/// Commands refused in a row before a session is closed as flooding. A program that heeds
/// `retry_after_ms` never comes near it; one that pastes a long text into an old client may meet
/// some refusals, and stays.
pub const REFUSALS_MAX: u16 = 100;

/// List answers cost one token more for each so many entries.
pub const ENTRIES_PER_TOKEN: usize = 200;

/// One session's bucket and record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauge {
    /// As uptime, in microseconds; in the past for a full bucket.
    full_at_us: u64,
    /// Refusals since something was last let through.
    refusals: u16,
    /// Whether the log has been told and the bucket has not been full since.
    throttled: bool,
    /// Objects that could not be understood, less those that could.
    pub(super) faults: u32,
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    /// `tell_log` on the first one since the bucket was last full.
    Refuse {
        retry_after_ms: u64,
        tell_log: bool,
    },
    Close,
}

impl Gauge {
    /// Takes `cost` tokens if there are as many. A cost above `burst` counts as `burst`, or it
    /// could never be paid.
    pub(super) fn take(&mut self, now_us: u64, cost: f64, settings: &Settings) -> Verdict {
        let (rate, burst) = (settings.rate, settings.burst.max(1.0));
        if rate <= 0.0 || !rate.is_finite() {
            return Verdict::Pass;
        }
        let owed_us = self.full_at_us.saturating_sub(now_us);
        if owed_us == 0 {
            self.throttled = false;
        }
        let us = |tokens: f64| (tokens / rate * 1e6).round() as u64; // saturates for a tiny rate
        let missing_us = owed_us.saturating_add(us(cost.min(burst)));
        if missing_us > us(burst) {
            return self.refuse((missing_us - us(burst)).div_ceil(1000));
        }
        self.full_at_us = now_us.saturating_add(missing_us);
        self.refusals = 0;
        Verdict::Pass
    }

    fn refuse(&mut self, retry_after_ms: u64) -> Verdict {
        self.refusals += 1;
        if self.refusals > REFUSALS_MAX {
            return Verdict::Close;
        }
        let tell_log = !self.throttled;
        self.throttled = true;
        Verdict::Refuse {
            retry_after_ms,
            tell_log,
        }
    }
}

/// What a command costs, in tokens: one, more where it makes others or the server work, nothing
/// where refusing it would hurt.
pub(super) fn cost(command: &Command, state: &State) -> f64 {
    let list = |entries: usize| 1.0 + (entries / ENTRIES_PER_TOKEN) as f64;
    match command {
        Command::Pong | Command::Quit { .. } => 0.0,
        Command::Login { .. }
        | Command::LogInAs { .. }
        | Command::LogInByCertificate { .. }
        | Command::Authenticate { .. }
        | Command::AuthenticateByCertificate { .. }
        | Command::BeginScram { .. }
        | Command::Register { .. }
        | Command::ChangePassword { .. }
        | Command::Nick(_)
        | Command::Join { .. }
        | Command::Invite { .. }
        | Command::Away(_)
        | Command::Edit { .. }
        | Command::Delete { .. }
        | Command::Unread
        | Command::Conversations { .. } => 2.0,
        Command::History { limit, .. } | Command::Playback { limit, .. } => 1.0 + list(*limit),
        Command::Search { limit, .. } => 3.0 + list(*limit),
        Command::Part { .. }
        | Command::Send { .. }
        | Command::Tag { .. }
        | Command::MarkRead { .. }
        | Command::ReadMark { .. }
        | Command::Topic { .. }
        | Command::Deaf(_)
        | Command::Persist(_)
        | Command::Ignore { .. }
        | Command::Ignores
        | Command::Whois(_)
        | Command::Ping => 1.0,
        Command::Moderate(request) => match request {
            Moderation::Rules { room } => 1.0 + list(state.rules.all_of(room.as_ref()).count()),
            Moderation::ShowRoom { .. } => 1.0,
            // All members are told, and some see the room anew.
            Moderation::RenameRoom { room, .. } => {
                let room = state.room_named(room);
                4.0 + list(room.map_or(0, |room| state.room(room).members.len()))
            }
            Moderation::Kick { .. }
            | Moderation::AddRule { .. }
            | Moderation::EndRule { .. }
            | Moderation::Grant { .. }
            | Moderation::SetStatus { .. }
            | Moderation::SetRoom { .. } => 2.0,
        },
        Command::Survey(Survey::Rules(room)) => 1.0 + list(state.rules.all_of(Some(room)).count()),
        Command::Rooms | Command::Survey(Survey::Rooms | Survey::Invitations) => {
            list(state.rooms.len())
        }
        Command::Users | Command::Survey(Survey::Users) => list(state.users.len()),
        Command::Names(name)
        | Command::Survey(Survey::Room { room: name, .. } | Survey::Members(name)) => {
            let room = state.room_named(name);
            list(room.map_or(0, |room| state.room(room).members.len()))
        }
        Command::Survey(Survey::Some(nicks)) => list(nicks.len()),
        Command::Survey(Survey::User(_) | Survey::Gone { .. } | Survey::Counts) => 1.0,
        Command::People(request) => people_cost(request, state),
    }
}

fn people_cost(request: &people::Request, state: &State) -> f64 {
    match request {
        people::Request::SetModes { .. } | people::Request::Resign | people::Request::Watch(_) => {
            1.0
        }
        people::Request::SetRealName(_) | people::Request::Wallops(_) => 2.0,
        // A guess at a password, which on this machine nothing else slows down.
        people::Request::Operate { .. } => 5.0,
        people::Request::Metadata(request) => match request {
            metadata::Request::Set { .. } | metadata::Request::Clear(_) => 2.0,
            metadata::Request::Sync(metadata::Of::Room(name)) => {
                let room = state.room_named(name);
                let members = room.map_or(0, |room| state.room(room).members.len());
                2.0 + (members / ENTRIES_PER_TOKEN) as f64
            }
            metadata::Request::Sync(_)
            | metadata::Request::Get { .. }
            | metadata::Request::List(_)
            | metadata::Request::Subscribe(_)
            | metadata::Request::Unsubscribe(_)
            | metadata::Request::Subscriptions => 1.0,
        },
    }
}

/// What an object costs that could not be understood.
pub(super) const FAULT_COST: f64 = 1.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(rate: f64, burst: f64) -> Settings {
        Settings {
            rate,
            burst,
            ..Settings::default()
        }
    }

    fn refused(retry_after_ms: u64, tell_log: bool) -> Verdict {
        Verdict::Refuse {
            retry_after_ms,
            tell_log,
        }
    }

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let settings = settings(2.0, 3.0);
        let mut gauge = Gauge::default();
        for _ in 0..3 {
            assert_eq!(gauge.take(0, 1.0, &settings), Verdict::Pass);
        }
        assert_eq!(gauge.take(0, 1.0, &settings), refused(500, true));
        assert_eq!(gauge.take(SECOND / 4, 2.0, &settings), refused(750, false));
        assert_eq!(gauge.take(SECOND / 2, 1.0, &settings), Verdict::Pass);
        assert_eq!(gauge.take(SECOND / 2, 1.0, &settings), refused(500, false));
    }

    #[test]
    fn the_log_is_told_again_only_after_a_full_recovery() {
        let settings = settings(1.0, 1.0);
        let mut gauge = Gauge::default();
        assert_eq!(gauge.take(0, 1.0, &settings), Verdict::Pass);
        assert_eq!(gauge.take(0, 1.0, &settings), refused(1000, true));
        assert_eq!(gauge.take(SECOND, 1.0, &settings), Verdict::Pass);
        assert_eq!(gauge.take(SECOND, 1.0, &settings), refused(1000, true));
        assert_eq!(
            gauge.take(SECOND * 3 / 2, 1.0, &settings),
            refused(500, false)
        );
    }

    #[test]
    fn what_costs_more_than_the_bucket_holds_takes_all_of_it() {
        let settings = settings(1.0, 5.0);
        let mut gauge = Gauge::default();
        assert_eq!(gauge.take(0, 50.0, &settings), Verdict::Pass);
        assert_eq!(gauge.take(0, 1.0, &settings), refused(1000, true));
    }

    #[test]
    fn patience_ends() {
        let settings = settings(1.0, 1.0);
        let mut gauge = Gauge::default();
        gauge.take(0, 1.0, &settings);
        for _ in 0..REFUSALS_MAX {
            assert!(matches!(
                gauge.take(0, 1.0, &settings),
                Verdict::Refuse { .. }
            ));
        }
        assert_eq!(gauge.take(0, 1.0, &settings), Verdict::Close);
    }

    #[test]
    fn rates_out_of_the_ordinary_do_no_harm() {
        for rate in [
            0.0,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            f64::MIN_POSITIVE,
            f64::MAX,
        ] {
            let mut gauge = Gauge::default();
            assert_eq!(gauge.take(SECOND, 1.0, &settings(rate, 1.0)), Verdict::Pass);
        }
    }
}
