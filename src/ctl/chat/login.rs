//! From an address to a user: connect, greet, `hello`, and what may go wrong on the way.
//! A refused nick leaves no connection behind; whoever wants another one simply logs in anew.

use std::pin::pin;
use std::time::Duration;

use super::connection::{Connection, Lost};
use super::proof::Proof;
use super::turn::{Progress, takes_turn};
use crate::ctl::admin_client::HOW_TO_START;
use crate::ctl::exit::{Exit, Failure, exit_of_code};
use crate::ctl::locate::Server;
use crate::ctl::remark::remark;
use crate::wire::chat::{ClientBody, ClientMessage, Credentials, Limits, ServerMessage, VERSION};

/// A server asks each silent client once in its ping interval. After so many intervals without a
/// word it is gone.
const SILENT_INTERVALS: u32 = 2;

/// Longest ping interval that is believed: clocks overflow on the longest that can be written.
const PING_INTERVAL_S_MAX: u64 = 86_400;

/// What we call ourselves.
const CLIENT: &str = concat!("chatctl ", env!("CARGO_PKG_VERSION"));

/// Who wants in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub nick: String,
    /// Proves that this user is ours already; see `keys`.
    pub key: Option<String>,
    /// Logs in to an account, whatever the nick and the key are.
    pub proof: Option<Proof>,
}

/// What the server told at the login.
#[derive(Clone, Debug, PartialEq)]
pub struct Welcome {
    pub server: String,
    pub motd: String,
    pub default_room: String,
    pub limits: Limits,
    /// Our nick, as the server writes it.
    pub nick: String,
    pub key: String,
    /// The key that we logged in with, if any did.
    pub presented: Option<String>,
    /// The proof that we logged in with, if we have an account.
    pub proof: Option<Proof>,
    /// Logins to our account with a wrong password since the last good one.
    pub failed_logins: u32,
    /// Whether making an account takes an invitation.
    pub needs_invitation: bool,
    /// Whether we joined a user that was there before us.
    pub attached: bool,
    /// Whether the server keeps what is said, and tells it when asked.
    pub has_history: bool,
    /// The server will tell what was missed before anything else.
    pub tells_missed: bool,
}

/// How we come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Enter the default room at once.
    pub enter: bool,
    /// Keep our place for a while when the connection breaks.
    pub resume: bool,
    /// The last thing that we heard on an earlier connection, by its id.
    pub since: Option<String>,
}

/// Why there is no login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// The server said no, by one of its codes.
    Refused { code: String, text: String },
    /// There is nobody to say anything.
    Lost(Lost),
    /// It took too long.
    TimedOut(Duration),
    /// The server took the connection and said nothing at all for so long.
    NotGreeted(Duration),
}

impl LoginError {
    /// Whether another nick might be taken.
    #[must_use]
    pub fn is_about_nick(&self) -> bool {
        matches!(self, Self::Refused { code, .. }
            if matches!(code.as_str(), "nick_in_use" | "nick_registered" | "nick_reserved" | "wrong_key" | "bad_nick"))
    }

    /// The error for the user.
    #[must_use]
    pub fn failure(&self, server: &Server) -> Failure {
        match self {
            Self::Refused { code, text } => Failure::answered(code, text.clone()),
            Self::Lost(Lost::Bye { code, text }) => Failure::answered(code, text.clone()),
            Self::Lost(lost @ Lost::NotChatd) => {
                Failure::new(Exit::Failed, format!("{server}: {lost}"))
            }
            Self::Lost(Lost::NotTrusted(text)) => Failure::new(Exit::Failed, text.clone()),
            Self::Lost(Lost::NoConnection(why)) => Failure::new(
                Exit::Unreachable,
                format!("chatd does not answer on {server} ({why}); {HOW_TO_START}"),
            ),
            Self::Lost(lost @ (Lost::Closed { .. } | Lost::Broken(_) | Lost::Silent(_))) => {
                Failure::new(Exit::Unreachable, format!("{server}: {lost}"))
            }
            Self::TimedOut(time) => Failure::new(
                Exit::TimedOut,
                format!("{server} did not answer within {} s", time.as_secs_f32()),
            ),
            Self::NotGreeted(time) => {
                let hint = match server {
                    Server::Tcp(_) => "; if it wants TLS, say --tls",
                    Server::Tls { .. } | Server::Unix(_) => "",
                };
                let time = time.as_secs_f32();
                Failure::new(
                    Exit::TimedOut,
                    format!("{server} did not greet within {time} s{hint}"),
                )
            }
        }
    }
}

/// Logs in, within `timeout`. When the key does not fit, the login is tried without it. Where others guess at
/// the account, it waits for its turn, connected, for only then it has one: half a minute at most.
///
/// # Errors
/// Why not.
pub async fn login(
    server: &Server,
    identity: &Identity,
    arrival: &Arrival,
    timeout: Duration,
) -> Result<(Connection, Welcome), LoginError> {
    let progress = Progress::default();
    let attempt = async {
        match hello(server, identity, arrival, &progress).await {
            Err(LoginError::Refused { code, .. }) if identity.key.is_some() && is_stale(&code) => {
                let without_key = Identity {
                    nick: identity.nick.clone(),
                    key: None,
                    proof: None,
                };
                hello(server, &without_key, arrival, &progress).await
            }
            other => other,
        }
    };
    let mut attempt = pin!(attempt);
    let mut waited = Duration::ZERO;
    let mut limit = timeout;
    loop {
        match tokio::time::timeout(limit, &mut attempt).await {
            Ok(result) => return result,
            Err(_) if progress.is_ungreeted.get() => return Err(LoginError::NotGreeted(timeout)),
            Err(_) if progress.waited.get() == waited => return Err(LoginError::TimedOut(timeout)),
            Err(_) => {
                limit = progress.waited.get().saturating_sub(waited);
                waited = progress.waited.get();
            }
        }
    }
}

/// Connects without logging in, within `timeout`, and says whether making an account takes an invitation.
///
/// # Errors
/// Why not.
pub async fn greet(server: &Server, timeout: Duration) -> Result<(Connection, bool), LoginError> {
    let attempt = async {
        let mut connection = Connection::open(server).await.map_err(LoginError::Lost)?;
        connection.send(&ClientMessage {
            id: None,
            body: ClientBody::Hello {
                v: VERSION,
                nick: None,
                key: None,
                client: Some(CLIENT.into()),
                enter: false,
                resume: false,
                echo: true,
                credentials: Credentials::default(),
                since: None,
            },
        });
        loop {
            match connection.next().await.map_err(LoginError::Lost)? {
                ServerMessage::Welcome { features, .. } => {
                    return Ok((connection, needs_invitation(&features)));
                }
                ServerMessage::Error { code, text, .. } => {
                    return Err(LoginError::Refused { code, text });
                }
                _ => {} // nothing else is due
            }
        }
    };
    tokio::time::timeout(timeout, attempt)
        .await
        .unwrap_or(Err(LoginError::TimedOut(timeout)))
}

fn needs_invitation(features: &[String]) -> bool {
    features.iter().any(|it| it == "register_invited")
}

fn is_stale(code: &str) -> bool {
    matches!(code, "wrong_key" | "bad_key")
}

async fn hello(
    server: &Server,
    identity: &Identity,
    arrival: &Arrival,
    progress: &Progress,
) -> Result<(Connection, Welcome), LoginError> {
    let mut connection = Connection::connect(server)
        .await
        .map_err(LoginError::Lost)?;
    progress.is_ungreeted.set(true);
    connection
        .hear_greeting(server)
        .await
        .map_err(LoginError::Lost)?;
    progress.is_ungreeted.set(false);
    let asks_missed = say_hello(&mut connection, identity, arrival);
    hear_welcome(&mut connection, identity, asks_missed, progress)
        .await
        .map(|welcome| (connection, welcome))
}

/// Says whether what was missed is asked for.
fn say_hello(connection: &mut Connection, identity: &Identity, arrival: &Arrival) -> bool {
    // What was missed is told to whom it was meant for, and only the key says who that is.
    let proof = identity.proof.as_ref();
    let is_known = identity.key.is_some() || proof.is_some();
    let since = arrival.since.as_deref().filter(|_| is_known);
    connection.send(&ClientMessage {
        id: None,
        body: ClientBody::Hello {
            v: VERSION,
            nick: proof.is_none().then(|| identity.nick.as_str().into()),
            key: identity
                .key
                .as_deref()
                .filter(|_| proof.is_none())
                .map(Into::into),
            client: Some(CLIENT.into()),
            enter: arrival.enter,
            resume: arrival.resume,
            echo: true,
            credentials: proof.map(Proof::credentials).unwrap_or_default(),
            since: since.map(Into::into),
        },
    });
    since.is_some()
}

async fn hear_welcome(
    connection: &mut Connection,
    identity: &Identity,
    asks_missed: bool,
    progress: &Progress,
) -> Result<Welcome, LoginError> {
    let mut welcomed = None;
    loop {
        match connection.next().await.map_err(LoginError::Lost)? {
            ServerMessage::Welcome {
                server,
                motd,
                default_room,
                limits,
                features,
                ..
            } => welcomed = Some((server, motd, default_room, limits, features)),
            ServerMessage::Login {
                nick,
                key,
                resumed,
                failed_logins,
                ..
            } => {
                let (server, motd, default_room, limits, features) =
                    welcomed.ok_or(LoginError::Lost(Lost::NotChatd))?;
                // A token that is restricted has none: nobody joins its user by a key.
                let key = key.unwrap_or_default();
                if limits.ping_interval_s > 0 {
                    let interval_s = limits.ping_interval_s.min(PING_INTERVAL_S_MAX);
                    connection.set_silence_max(Duration::from_secs(interval_s) * SILENT_INTERVALS);
                }
                let has_history = features.iter().any(|feature| feature == "history");
                let needs_invitation = needs_invitation(&features);
                // A server without history may be one that takes a key only from who is there.
                let is_same = !has_history && identity.key.as_deref() == Some(key.as_str());
                let welcome = Welcome {
                    server,
                    motd,
                    default_room,
                    limits,
                    nick,
                    key,
                    presented: identity.key.clone(),
                    proof: identity.proof.clone(),
                    failed_logins,
                    needs_invitation,
                    attached: resumed || is_same,
                    has_history,
                    tells_missed: resumed && has_history && asks_missed,
                };
                return Ok(welcome);
            }
            ServerMessage::Error {
                code,
                text,
                retry_after_ms,
                ..
            } => {
                must_know_certificates(identity, welcomed.as_ref().map(|(.., it)| it))?;
                // What was missed is told after a `hello` only.
                let wait = retry_after_ms.filter(|_| code == "login_slowed" && !asks_missed);
                if !takes_turn(connection, identity, wait, progress).await {
                    return Err(LoginError::Refused { code, text });
                }
            }
            _ => {} // nothing else is due before the login, and nothing else would matter
        }
    }
}

/// An older server finds other faults with a login by certificate.
fn must_know_certificates(
    identity: &Identity,
    features: Option<&Vec<String>>,
) -> Result<(), LoginError> {
    let is_certificate = matches!(identity.proof, Some(Proof::Certificate { .. }));
    let knows = |it: &Vec<String>| it.iter().any(|feature| feature == "certificates");
    if is_certificate && !features.is_some_and(knows) {
        return Err(LoginError::Refused {
            code: "no_certificate".to_owned(),
            text: "This server lets nobody log in by a certificate.".to_owned(),
        });
    }
    Ok(())
}

/// Tells the owner of an account that somebody has guessed at its password.
pub fn warn_of_failed_logins(welcome: &Welcome) {
    let times = match welcome.failed_logins {
        0 => return,
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    remark(&format!(
        "since your last login, a wrong password was given for your account {times}"
    ));
}

/// The exit code when a connection that stood is lost.
#[must_use]
pub fn exit_of_loss(lost: &Lost) -> Exit {
    match lost {
        Lost::Bye { code, .. } => exit_of_code(code),
        Lost::NoConnection(_) | Lost::Closed { .. } | Lost::Broken(_) | Lost::Silent(_) => {
            Exit::Unreachable
        }
        Lost::NotChatd | Lost::NotTrusted(_) => Exit::Failed,
    }
}
