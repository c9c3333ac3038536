//! What must be true before a run begins: options that fit each other, enough open files, and a server
//! whose limits allow the load. Whoever asks for what cannot be is told so before anything is sent.

use std::time::Duration;

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::timeout;

use super::args::{Bench, Protocol, Scenario};
use crate::ctl::chat::connection::Connection;
use crate::ctl::chat::login::LoginError;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::wire::chat::{ClientBody, ClientMessage, Credentials, Limits, ServerMessage, VERSION};

/// Most pairs of publishers and listeners, or of churners and members, that are kept books of, at 16
/// bytes each; and most messages that may be on their way, at 4.
const BOOKS_MAX: u64 = 16_000_000;

/// Longest text that fits an IRC line of 512 bytes beside its sender and room.
const IRC_TEXT_MAX: u32 = 350;

/// Descriptors that the tool needs beside its connections.
const RESERVE: u64 = 32;

/// Checks the options against each other.
///
/// # Errors
/// Exit code 2, and what to do.
pub fn options(bench: &Bench, is_server_named: bool) -> Result<(), Failure> {
    let wrong = |text: String| Err(Failure::new(Exit::Usage, text));
    let protocol = bench.protocol.name();
    if bench.protocol != Protocol::Chat && !is_server_named {
        return wrong(format!(
            "say with --server ADDRESS which server speaks {protocol}"
        ));
    }
    match bench.scenario {
        Scenario::Fanout => fanout(bench),
        Scenario::Churn if !speaks_of_members(bench.protocol) => wrong(format!(
            "{protocol} tells nobody who comes and goes: churn is for chat and irc"
        )),
        Scenario::Churn
            if u64::from(bench.churn.members) * u64::from(bench.churn.churners) > BOOKS_MAX =>
        {
            wrong(format!(
                "--members times --churners can be {BOOKS_MAX} at most"
            ))
        }
        Scenario::Durable => durable(bench),
        Scenario::Connect | Scenario::Idle | Scenario::Churn => Ok(()),
    }
}

fn durable(bench: &Bench) -> Result<(), Failure> {
    let wrong = |text: String| Err(Failure::new(Exit::Usage, text));
    if matches!(bench.protocol, Protocol::Irc | Protocol::Mqtt) {
        let protocol = bench.protocol.name();
        return wrong(format!(
            "{protocol} does not say whether a message is kept: durable is for chat, redis and nats"
        ));
    }
    if bench.durable.places() > bench.durable.writers {
        return wrong(format!(
            "each place needs a writer: --places can be {} at most here",
            bench.durable.writers
        ));
    }
    Ok(())
}

fn fanout(bench: &Bench) -> Result<(), Failure> {
    let wrong = |text: String| Err(Failure::new(Exit::Usage, text));
    let asked = &bench.fanout;
    let readers = asked.subscribers.saturating_sub(asked.slow);
    if readers == 0 {
        return wrong("of the subscribers at least one must read: --slow is too many".to_owned());
    }
    let rooms_max = asked.publishers.min(readers);
    if asked.rooms > rooms_max {
        return wrong(format!(
            "each of {} rooms needs a publisher, and a subscriber who reads: --rooms can be {rooms_max} at most here",
            asked.rooms
        ));
    }
    let listeners = u64::from(asked.subscribers) + u64::from(asked.publishers);
    if listeners * u64::from(asked.publishers.div_ceil(asked.rooms)) > BOOKS_MAX {
        return wrong(format!(
            "so many publishers and subscribers in a room make more than {BOOKS_MAX} pairs to keep \
             books of; take fewer, or more --rooms"
        ));
    }
    if asked.rate.is_none() && u64::from(asked.publishers) * u64::from(asked.window) > BOOKS_MAX {
        return wrong(format!(
            "--publishers times --window can be {BOOKS_MAX} at most"
        ));
    }
    if bench.protocol == Protocol::Irc && asked.size > IRC_TEXT_MAX {
        return wrong(format!(
            "an irc line has room for --size {IRC_TEXT_MAX} at most"
        ));
    }
    if asked.private_rate.is_some() && !speaks_of_members(bench.protocol) {
        return wrong("--private-rate is for chat and irc".to_owned());
    }
    Ok(())
}

fn speaks_of_members(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Chat | Protocol::Irc)
}

/// Raises the limit on open files as far as it goes, and checks that all connections fit.
///
/// # Errors
/// Exit code 1, and what to do.
pub fn open_files(bench: &Bench) -> Result<(), Failure> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // The result is read back, so that a refusal shows as what it is.
    let _ = setrlimit(Resource::Nofile, raised);
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let (asked, allowed) = (bench.clients(), allowed.saturating_sub(RESERVE));
    if asked > allowed {
        let text = format!(
            "{asked} connections do not fit: the limit on open files allows {allowed}. Raise it \
             (ulimit -Hn, as root), or take fewer"
        );
        return Err(Failure::new(Exit::Failed, text));
    }
    Ok(())
}

/// Asks a chat server for its limits, and checks that they allow the load.
///
/// # Errors
/// A failure by the contract of exit codes: no way in, or a load that the server would refuse.
pub async fn welcome(bench: &Bench, server: &Server, patience: Duration) -> Result<()> {
    let limits = timeout(patience, ask_limits(server))
        .await
        .unwrap_or(Err(LoginError::TimedOut(patience)))
        .map_err(|error| error.failure(server))?;
    load(bench, &limits)?;
    Ok(())
}

async fn ask_limits(server: &Server) -> Result<Limits, LoginError> {
    let mut connection = Connection::open(server).await.map_err(LoginError::Lost)?;
    connection.send(&ClientMessage {
        id: None,
        body: ClientBody::Hello {
            v: VERSION,
            nick: None,
            key: None,
            credentials: Credentials::default(),
            client: Some(concat!("chatctl bench ", env!("CARGO_PKG_VERSION")).into()),
            enter: false,
            resume: false,
            echo: true,
            since: None,
        },
    });
    loop {
        match connection.next().await.map_err(LoginError::Lost)? {
            ServerMessage::Welcome { limits, .. } => return Ok(limits),
            ServerMessage::Error { code, text, .. } => {
                return Err(LoginError::Refused { code, text });
            }
            _ => {}
        }
    }
}

fn load(bench: &Bench, limits: &Limits) -> Result<(), Failure> {
    let fails = |text| Err(Failure::new(Exit::Failed, text));
    let size = bench.fanout.size as usize;
    if matches!(bench.scenario, Scenario::Fanout | Scenario::Durable) && size > limits.message_bytes
    {
        let most = limits.message_bytes;
        return fails(format!(
            "the server takes texts of at most {most} bytes (limits.message_bytes), not of {size}"
        ));
    }
    let wanted = bench.requests_per_client_and_s();
    if limits.rate > 0.0 && wanted > limits.rate {
        return fails(format!(
            "the server takes {} requests a second from a client (limits.rate), and this load needs \
             more. Lift it for the test: chatd --set limits.rate=0",
            limits.rate
        ));
    }
    Ok(())
}

impl Bench {
    /// Connections that the run needs.
    fn clients(&self) -> u64 {
        let all = match self.scenario {
            Scenario::Fanout => {
                let private = if self.fanout.private_rate.is_some() {
                    2
                } else {
                    0
                };
                self.fanout.subscribers + self.fanout.publishers + private
            }
            Scenario::Connect | Scenario::Idle => self.connections.connections,
            Scenario::Churn => self.churn.members + self.churn.churners,
            Scenario::Durable => self.durable.writers,
        };
        u64::from(all)
    }

    /// Requests a second that its busiest client sends for long.
    fn requests_per_client_and_s(&self) -> f64 {
        match self.scenario {
            Scenario::Connect | Scenario::Idle => 0.0,
            Scenario::Churn | Scenario::Durable => f64::INFINITY,
            Scenario::Fanout => {
                let asked = &self.fanout;
                let rooms = asked.rate.map_or(f64::INFINITY, |rate| {
                    f64::from(rate) / f64::from(asked.publishers)
                });
                let private = f64::from(asked.private_rate.unwrap_or(0)) / 2.0;
                rooms.max(private)
            }
        }
    }
}
