//! The command line of `chatctl bench`, which is also its manual. Every count has a bound that clap
//! checks; what depends on more than one option is checked in `check`.

use std::time::Duration;

use clap::{Args as Group, ValueEnum, value_parser};

use super::payload::STAMP_BYTES;
use crate::ctl::duration;

/// Longest run, so that a forgotten one ends.
const DURATION_MAX: Duration = Duration::from_secs(3600);

/// The heading of the options of `fanout`.
const FANOUT: &str = "Fan-out";

/// The heading of the options of `connect` and `idle`.
const CONNECTIONS: &str = "Connect and idle";

/// The heading of the options of `durable`.
const DURABLE: &str = "Durable";

/// The heading of the options of `churn`.
const CHURN: &str = "Churn";

/// What is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Publishers speak in rooms of subscribers: deliveries, losses, latency.
    #[default]
    Fanout,
    /// Clients connect, log in and join: time and CPU for each.
    Connect,
    /// Joined clients say nothing: memory for each, CPU of waiting.
    Idle,
    /// Clients leave a room and join it again: CPU for each time.
    Churn,
    /// Writers wait until each message is kept before they send the next: latency, and whether
    /// everything that was acknowledged is there afterwards. chat, redis (streams), nats (JetStream).
    Durable,
}

impl Scenario {
    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fanout => "fanout",
            Self::Connect => "connect",
            Self::Idle => "idle",
            Self::Churn => "churn",
            Self::Durable => "durable",
        }
    }
}

/// What to speak with the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// chatd's own JSON protocol, version 1.
    #[default]
    Chat,
    /// RFC 2812 and its followers.
    Irc,
    /// Redis publish and subscribe, RESP2.
    Redis,
    /// NATS core.
    Nats,
    /// MQTT 3.1.1, quality of service 0.
    Mqtt,
}

impl Protocol {
    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Irc => "irc",
            Self::Redis => "redis",
            Self::Nats => "nats",
            Self::Mqtt => "mqtt",
        }
    }
}

#[derive(Clone, Debug, Group)]
pub struct Bench {
    /// What to measure.
    #[arg(value_enum, default_value_t)]
    pub scenario: Scenario,
    /// What to speak: chat is chatd's own; the others compare servers with one tool.
    #[arg(long, value_enum, default_value_t, value_name = "P")]
    pub protocol: Protocol,
    /// How long to measure, at most 1h; idle: how long to wait.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = run_time)]
    pub duration: Duration,
    /// Fanout, churn and durable: the time before, which is not counted; 0s is none, at most 10m.
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = warmup)]
    pub warmup: Duration,
    /// Fanout, churn and durable: end after so many messages or cycles, if that comes first (1 to 4000000000).
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=4_000_000_000))]
    pub messages: Option<u32>,
    /// Also measure this process's CPU time and memory; for the chatd of this machine that is known.
    #[arg(long, value_name = "PID", value_parser = value_parser!(i32).range(1..))]
    pub pid: Option<i32>,
    /// Connections on their way in at a time (1 to 10000).
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = value_parser!(u32).range(1..=10_000))]
    pub concurrency: u32,
    /// Spread the connections over so many addresses, 127.0.0.1 and up (1 to 200), for a server that
    /// limits connections per address.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=200))]
    pub sources: u32,
    /// Also against a server whose address is not a loopback one.
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub fanout: Fanout,
    #[command(flatten)]
    pub connections: Connections,
    #[command(flatten)]
    pub churn: Churn,
    #[command(flatten)]
    pub durable: Durable,
}

/// The options of `fanout`.
#[derive(Clone, Debug, Group)]
#[command(next_help_heading = FANOUT)]
pub struct Fanout {
    /// Clients that speak (1 to 1000); one after the other into the rooms.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=1000))]
    pub publishers: u32,
    /// Clients that listen (1 to 100000); one after the other into the rooms.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000))]
    pub subscribers: u32,
    /// Rooms (1 to 1000), at most as many as publishers.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=1000))]
    pub rooms: u32,
    /// Bytes of a message's text, also of durable (32 to 65536; irc: to 350).
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = value_parser!(u32).range(SIZE_MIN..=65_536))]
    pub size: u32,
    /// Closed loop: messages of each publisher that are on their way, sent and not yet heard by all
    /// (1 to 65536).
    #[arg(long, value_name = "N", default_value_t = 64, conflicts_with = "rate", value_parser = value_parser!(u32).range(1..=65_536))]
    pub window: u32,
    /// Open loop: messages a second of all publishers together, in turn (1 to 1000000). Latency then
    /// counts from the time when a message should have been sent.
    #[arg(long, value_name = "R", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// So many of the subscribers do not read, and are reported apart.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub slow: u32,
    /// Beside it two more clients, in no room, send each other private messages at so many a second
    /// in all (1 to 10000), timed apart; chat and irc.
    #[arg(long, value_name = "R", value_parser = value_parser!(u32).range(1..=10_000))]
    pub private_rate: Option<u32>,
}

/// The options of `connect` and `idle`.
#[derive(Clone, Debug, Group)]
#[command(next_help_heading = CONNECTIONS)]
pub struct Connections {
    /// Clients (1 to 1000000).
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub connections: u32,
    /// So many share a room (at most 1000000); 0: all in one, with chat the default room.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = value_parser!(u32).range(0..=1_000_000))]
    pub room_size: u32,
}

/// The options of `churn`.
#[derive(Clone, Debug, Group)]
#[command(next_help_heading = CHURN)]
pub struct Churn {
    /// Clients that stay in the room and listen (1 to 100000).
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000))]
    pub members: u32,
    /// Clients that leave it and come back, again and again (1 to 1000).
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = value_parser!(u32).range(1..=1000))]
    pub churners: u32,
}

/// The options of `durable`.
#[derive(Clone, Debug, Group)]
#[command(next_help_heading = DURABLE)]
pub struct Durable {
    /// Clients that write, each with one message on its way (1 to 1000).
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=1000))]
    pub writers: u32,
    /// Rooms or streams that they write to, one after the other, at most as many as writers; without
    /// it each has one of its own, so that handing messages on to others costs little.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=1000))]
    pub places: Option<u32>,
}

impl Durable {
    /// Rooms or streams.
    #[must_use]
    pub fn places(&self) -> u32 {
        self.places.unwrap_or(self.writers)
    }
}

/// Shortest text: the stamp and a little filler.
const SIZE_MIN: i64 = 32;
const _: () = assert!(STAMP_BYTES <= SIZE_MIN as usize);

/// Longest warm-up.
const WARMUP_MAX: Duration = Duration::from_secs(600);

fn run_time(text: &str) -> Result<Duration, String> {
    at_most(duration::parse(text)?, DURATION_MAX)
}

fn warmup(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s" | "0ms") {
        return Ok(Duration::ZERO);
    }
    at_most(duration::parse(text)?, WARMUP_MAX)
}

fn at_most(time: Duration, most: Duration) -> Result<Duration, String> {
    if time > most {
        return Err(format!("must be at most {} minutes", most.as_secs() / 60));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_bounded_and_may_have_no_warm_up() {
        assert_eq!(run_time("60m"), Ok(DURATION_MAX));
        assert!(run_time("61m").is_err());
        assert!(run_time("0s").is_err());
        assert_eq!(warmup("0s"), Ok(Duration::ZERO));
        assert_eq!(warmup("250ms"), Ok(Duration::from_millis(250)));
        assert!(warmup("11m").is_err());
    }
}
