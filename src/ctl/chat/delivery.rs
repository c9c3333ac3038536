//! Messages for one room or user, carried until each is acknowledged: entering the room and leaving it
//! again, flood control, and a connection that breaks on the way.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::backoff::Backoff;
use super::connection::{Connection, Lost};
use super::link::is_final;
use super::login::{Arrival, Identity, LoginError, Welcome, exit_of_loss, login};
use super::message_ids::MessageIds;
use super::outbox::{Answered, Outbox};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::ctl::remark::remark;
use crate::wire::chat::{ClientBody, Kind, ServerMessage};

/// How long to hear the server out after good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long to sleep when nothing is due.
const IDLE: Duration = Duration::from_secs(10);

/// One message that was acknowledged.
#[derive(Debug, Serialize)]
pub struct Sent {
    pub to: String,
    pub msgid: String,
    pub time: String,
}

/// What each request is for; a message is known by its place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Enter,
    Say(usize),
    Leave,
}

/// One message on its way.
#[derive(Debug)]
struct Parcel {
    text: String,
    /// Our own id of it, the same however often it is sent.
    client_msgid: String,
    sent: Option<Sent>,
}

/// What has become of the messages so far.
#[derive(Debug)]
pub struct Delivery<'a> {
    to: &'a str,
    parcels: Vec<Parcel>,
    /// The user stays in the room when we go, so it must be left again.
    attached: bool,
    has_entered: bool,
    /// The first thing that was refused; nothing more is said behind it.
    refused: Option<Failure>,
}

/// Why there are no more answers on a connection.
enum Cut {
    Lost(Lost),
    TimedOut(Duration),
}

impl Cut {
    fn failure(self) -> (Exit, String) {
        match self {
            Self::Lost(lost) => (exit_of_loss(&lost), lost.to_string()),
            Self::TimedOut(limit) => {
                let why = format!("no answer within {} s", limit.as_secs_f32());
                (Exit::TimedOut, why)
            }
        }
    }
}

/// Sends and hears all answers, and says good-bye. Each answer may take `limit`: it counts from
/// the one before it and from its turn. When the
/// connection breaks and the server would know a message again, what was not acknowledged is sent once
/// more: the same message under the same id is said once.
///
/// # Errors
/// A failure by the contract of exit codes; how many were acknowledged is told.
pub async fn deliver(
    mut delivery: Delivery<'_>,
    server: &Server,
    (mut connection, mut welcome): (Connection, Welcome),
    limit: Duration,
) -> Result<Vec<Sent>> {
    loop {
        delivery.attached |= welcome.attached;
        let cut = match carry(&mut delivery, &mut connection, &welcome, limit).await {
            Ok(()) => {
                connection.say_good_bye(FAREWELL).await;
                return delivery.done();
            }
            Err(cut) => cut,
        };
        let again = match &cut {
            Cut::Lost(lost) if delivery.is_open() && welcome.has_history && !is_final(lost) => {
                come_back(server, &welcome, limit).await
            }
            Cut::Lost(_) | Cut::TimedOut(_) => None,
        };
        match again {
            Some(entered) => (connection, welcome) = entered,
            None => {
                if let Cut::TimedOut(_) = cut {
                    connection.say_good_bye(FAREWELL).await;
                }
                let (exit, why) = cut.failure();
                return delivery.cut_short(exit, &why);
            }
        }
    }
}

/// The same user again, within `limit`.
async fn come_back(
    server: &Server,
    welcome: &Welcome,
    limit: Duration,
) -> Option<(Connection, Welcome)> {
    let identity = Identity {
        nick: welcome.nick.clone(),
        key: Some(welcome.key.clone()),
        proof: welcome.proof.clone(),
    };
    let until = Instant::now() + limit;
    let mut backoff = Backoff::default();
    loop {
        sleep_until(until.min(Instant::now() + backoff.next_wait())).await;
        let left = until.checked_duration_since(Instant::now())?;
        match login(server, &identity, &Arrival::default(), left).await {
            // Only for the same user is the same id the same message.
            Ok((connection, again))
                if (again.key == welcome.key || again.proof.is_some()) && again.has_history =>
            {
                return Some((connection, again));
            }
            Ok(_) | Err(LoginError::Refused { .. }) => return None,
            Err(LoginError::Lost(_) | LoginError::TimedOut(_) | LoginError::NotGreeted(_)) => {}
        }
    }
}

/// Everything that is still to be said, over one connection.
async fn carry(
    delivery: &mut Delivery<'_>,
    connection: &mut Connection,
    welcome: &Welcome,
    limit: Duration,
) -> Result<(), Cut> {
    let mut outbox = Outbox::new(&welcome.limits, Instant::now());
    delivery.queue(&mut outbox);
    let mut until = Instant::now() + limit;
    while !outbox.is_empty() {
        let answer = timeout_at(until, next_answer(connection, &mut outbox))
            .await
            .map_err(|_| Cut::TimedOut(limit))?
            .map_err(Cut::Lost)?;
        let now = Instant::now();
        match outbox.answered(answer, now) {
            Ok(Some(Answered { request, answer })) => {
                delivery.answered(request.purpose, answer, &mut outbox);
                // Flood control makes the next request wait; that is not the server's silence.
                until = outbox.wake_at(now).unwrap_or(now) + limit;
            }
            // Too fast: a server that never has enough of that is given up like a silent one.
            Ok(None) => {}
            Err(event) => delivery.heard(&event, &mut outbox),
        }
    }
    Ok(())
}

impl<'a> Delivery<'a> {
    /// Texts for a room or a user, each short enough for one message.
    #[must_use]
    pub fn new(to: &'a str, messages: &[String]) -> Self {
        let mut ids = MessageIds::of_this_process();
        let parcels = messages.iter().map(|text| Parcel {
            text: text.clone(),
            client_msgid: ids.next_id(),
            sent: None,
        });
        Self {
            to,
            parcels: parcels.collect(),
            attached: false,
            has_entered: false,
            refused: None,
        }
    }

    /// Whether something is still to be said.
    fn is_open(&self) -> bool {
        self.refused.is_none() && self.parcels.iter().any(|parcel| parcel.sent.is_none())
    }

    fn queue(&self, outbox: &mut Outbox<Step>) {
        if self.to.starts_with('#') {
            let body = ClientBody::Join {
                room: self.to.to_owned().into(),
                key: None,
                last: None,
                since: None,
            };
            outbox.push(body, Step::Enter);
        }
        for (place, parcel) in self.parcels.iter().enumerate() {
            if parcel.sent.is_some() {
                continue;
            }
            let body = ClientBody::Send {
                to: self.to.to_owned().into(),
                text: parcel.text.clone().into(),
                kind: Kind::Text,
                client_msgid: Some(parcel.client_msgid.clone().into()),
            };
            outbox.push(body, Step::Say(place));
        }
    }

    fn answered(&mut self, step: Step, answer: ServerMessage, outbox: &mut Outbox<Step>) {
        match (step, answer) {
            (
                Step::Say(place),
                ServerMessage::Ack {
                    msgid, time, kept, ..
                },
            ) => {
                if !kept {
                    remark("it was said, but the server could not keep it");
                }
                self.parcels[place].sent = Some(Sent {
                    to: self.to.to_owned(),
                    msgid,
                    time,
                });
            }
            (Step::Enter, ServerMessage::Joined { .. }) => {
                self.has_entered = true;
                self.leave_if_attached(outbox);
            }
            (Step::Enter, ServerMessage::Error { code, .. }) if code == "already_in_room" => {
                // Entered by us, on a connection that broke.
                if self.has_entered {
                    self.leave_if_attached(outbox);
                }
            }
            (Step::Enter | Step::Say(_), ServerMessage::Error { code, text, .. }) => {
                self.refuse(&code, &text, outbox);
            }
            (Step::Say(_), _) => self.refuse("", "it was not acknowledged", outbox),
            (Step::Enter | Step::Leave, _) => {}
        }
    }

    /// An error without an id is about us all the same.
    fn heard(&mut self, event: &ServerMessage, outbox: &mut Outbox<Step>) {
        if let ServerMessage::Error { code, text, .. } = event
            && self.is_open()
        {
            self.refuse(code, text, outbox);
        }
    }

    fn refuse(&mut self, code: &str, text: &str, outbox: &mut Outbox<Step>) {
        let leaves = outbox.any(|step| *step == Step::Leave);
        outbox.lost();
        outbox.give_up();
        if leaves {
            self.leave(outbox);
        }
        let failure = || Failure::answered(code, format!("not sent: {text}"));
        self.refused.get_or_insert_with(failure);
    }

    fn leave_if_attached(&self, outbox: &mut Outbox<Step>) {
        if self.attached {
            self.leave(outbox);
        }
    }

    fn leave(&self, outbox: &mut Outbox<Step>) {
        let body = ClientBody::Part {
            room: self.to.to_owned().into(),
            reason: None,
        };
        outbox.push(body, Step::Leave);
    }

    /// All is answered.
    fn done(self) -> Result<Vec<Sent>> {
        match self.refused {
            Some(failure) => Err(failure.into()),
            None => Ok(self.sent()),
        }
    }

    /// No more answers. When only leaving was not answered, all is well.
    fn cut_short(self, exit: Exit, why: &str) -> Result<Vec<Sent>> {
        if let Some(failure) = self.refused {
            return Err(failure.into());
        }
        let all = self.parcels.len();
        let sent = self.sent();
        if sent.len() == all {
            return Ok(sent);
        }
        let progress = if sent.is_empty() {
            "not acknowledged".to_owned()
        } else {
            format!("only {} of {all} messages were acknowledged", sent.len())
        };
        Err(Failure::new(exit, format!("{progress}: {why}")).into())
    }

    fn sent(self) -> Vec<Sent> {
        let parcels = self.parcels.into_iter();
        parcels.filter_map(|parcel| parcel.sent).collect()
    }
}

/// The next object, writing what is due meanwhile.
async fn next_answer(
    connection: &mut Connection,
    outbox: &mut Outbox<Step>,
) -> Result<ServerMessage, Lost> {
    loop {
        let now = Instant::now();
        while let Some(message) = outbox.next(now) {
            connection.send(&message);
        }
        let wake_at = outbox.wake_at(now).unwrap_or(now + IDLE);
        tokio::select! {
            answer = connection.next() => return answer,
            () = sleep_until(wake_at) => {}
        }
    }
}
