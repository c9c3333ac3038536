//! Requests on their way: each waits for its turn, then for its answer. A message that was refused
//! as too fast goes again in its old place, so what one client says keeps its order.
//!
//! Order is kept by having one request under way at a time wherever flood control exists; where the
//! server has none (`rate` 0) many may be under way. One at a time costs nothing there: the round
//! trip is shorter than the pause that the rate asks for. Pure; time is passed in.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;
use crate::wire::chat::{ClientBody, ClientMessage, Limits, ServerMessage};

/// One request, and what its answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<P> {
    id: String,
    pub body: ClientBody<'static>,
    pub purpose: P,
    /// It was written to a connection before, and may have arrived there.
    was_sent: bool,
}

impl<P> Request<P> {
    fn new(id: u64, body: ClientBody<'static>, purpose: P) -> Self {
        Self {
            id: id.to_string(),
            body,
            purpose,
            was_sent: false,
        }
    }

    /// Whether it was written to a connection, so that it may have arrived.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.was_sent
    }
}

/// A request and the answer to it.
#[derive(Debug)]
pub struct Answered<P> {
    pub request: Request<P>,
    pub answer: ServerMessage,
}

/// The queue. `P` is what the caller wants to remember with a request.
#[derive(Debug)]
pub struct Outbox<P> {
    next_id: u64,
    waiting: VecDeque<Request<P>>,
    under_way: VecDeque<Request<P>>,
    pace: Pace,
}

impl<P: Clone> Outbox<P> {
    /// An empty queue for a connection with these limits.
    #[must_use]
    pub fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            next_id: 1,
            waiting: VecDeque::new(),
            under_way: VecDeque::new(),
            pace: Pace::new(limits, now),
        }
    }

    /// Queues a request.
    pub fn push(&mut self, body: ClientBody<'static>, purpose: P) {
        self.waiting
            .push_back(Request::new(self.next_id, body, purpose));
        self.next_id += 1;
    }

    /// The next request to write now, if its turn has come.
    pub fn next(&mut self, now: Instant) -> Option<ClientMessage<'static>> {
        if self.under_way.len() >= self.pace.window() || self.pace.ready_at(now) > now {
            return None;
        }
        let mut request = self.waiting.pop_front()?;
        request.was_sent = true;
        self.pace.spend(&request.body, now);
        let message = ClientMessage {
            id: Some(request.id.clone().into()),
            body: request.body.clone(),
        };
        self.under_way.push_back(request);
        Some(message)
    }

    /// When `next` should be asked again although nothing has been answered.
    #[must_use]
    pub fn wake_at(&self, now: Instant) -> Option<Instant> {
        let may_go = !self.waiting.is_empty() && self.under_way.len() < self.pace.window();
        may_go.then(|| self.pace.ready_at(now))
    }

    /// Whether everything has been answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    /// Whether any request not yet answered is for this.
    pub fn any(&self, is_it: impl Fn(&P) -> bool) -> bool {
        let mut all = self.under_way.iter().chain(&self.waiting);
        all.any(|request| is_it(&request.purpose))
    }

    /// Requests not yet answered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len() + self.under_way.len()
    }

    /// Takes an answer to its request. `Err` gives back what is no answer to anything queued.
    /// `Ok(None)` is an answer after which the request goes on: it was too fast and goes again, or
    /// its list has more parts (each part is returned, only the last ends the request).
    ///
    /// # Errors
    /// The message itself.
    pub fn answered(
        &mut self,
        answer: ServerMessage,
        now: Instant,
    ) -> Result<Option<Answered<P>>, Box<ServerMessage>> {
        let place = id_of(&answer)
            .and_then(|id| self.under_way.iter().position(|request| request.id == id));
        let Some(place) = place else {
            return Err(Box::new(answer));
        };
        if let Some(wait) = too_fast(&answer) {
            self.pace.hold(now + wait);
            if let Some(request) = self.under_way.remove(place) {
                self.waiting.push_front(request);
            }
            return Ok(None);
        }
        let request = if has_more(&answer) {
            self.under_way.get(place).cloned()
        } else {
            self.under_way.remove(place)
        };
        Ok(request.map(|request| Answered { request, answer }))
    }

    /// The connection is gone. Returns what was under way, for which nobody knows whether it
    /// arrived; what was still waiting stays for the next connection.
    pub fn lost(&mut self) -> Vec<Request<P>> {
        self.under_way.drain(..).collect()
    }

    /// A request that was lost goes again, before all that waits.
    pub fn again(&mut self, request: Request<P>) {
        self.waiting.push_front(request);
    }

    /// What waits and was sent before a connection was lost, oldest first; it is not queued any more.
    pub fn give_up_sent(&mut self) -> Vec<Request<P>> {
        let (sent, others) = self.waiting.drain(..).partition(Request::was_sent);
        self.waiting = others;
        Vec::from(sent)
    }

    /// What still waits, oldest first; it is not queued any more.
    pub fn give_up(&mut self) -> Vec<Request<P>> {
        self.waiting.drain(..).collect()
    }

    /// A new connection stands, with these limits. These requests go before all that waits.
    pub fn resume(&mut self, limits: &Limits, now: Instant, first: Vec<(ClientBody<'static>, P)>) {
        self.pace = Pace::new(limits, now);
        for (body, purpose) in first.into_iter().rev() {
            self.waiting
                .push_front(Request::new(self.next_id, body, purpose));
            self.next_id += 1;
        }
    }
}

/// The wait that a refusal asks for because of too much at once. Slow mode is for its user to see.
fn too_fast(answer: &ServerMessage) -> Option<Duration> {
    match answer {
        ServerMessage::Error {
            code,
            retry_after_ms,
            ..
        } if code == "too_fast" || code.ends_with("_limited") => {
            Some(Duration::from_millis(retry_after_ms.unwrap_or(1000)))
        }
        _ => None,
    }
}

fn has_more(answer: &ServerMessage) -> bool {
    matches!(
        answer,
        ServerMessage::Rooms { more: true, .. }
            | ServerMessage::Names { more: true, .. }
            | ServerMessage::Users { more: true, .. }
            | ServerMessage::Ignores { more: true, .. }
            | ServerMessage::History { more: true, .. }
            | ServerMessage::Found { more: true, .. }
            | ServerMessage::Missed { more: true, .. }
            | ServerMessage::Unread { more: true, .. }
            | ServerMessage::Rules { more: true, .. }
    )
}

/// The request that a message answers; events answer none.
fn id_of(message: &ServerMessage) -> Option<&str> {
    match message {
        ServerMessage::Login { re, .. }
        | ServerMessage::Registered { re, .. }
        | ServerMessage::Ack { re, .. }
        | ServerMessage::History { re, .. }
        | ServerMessage::Found { re, .. }
        | ServerMessage::Missed { re, .. }
        | ServerMessage::Unread { re, .. }
        | ServerMessage::Ok { re }
        | ServerMessage::Joined { re, .. }
        | ServerMessage::RoomChat { re, .. }
        | ServerMessage::Rooms { re, .. }
        | ServerMessage::Names { re, .. }
        | ServerMessage::Users { re, .. }
        | ServerMessage::Ignores { re, .. }
        | ServerMessage::Whois { re, .. }
        | ServerMessage::Moderated { re, .. }
        | ServerMessage::Rules { re, .. }
        | ServerMessage::Room { re, .. }
        | ServerMessage::Pong { re }
        | ServerMessage::Error { re, .. } => re.id.as_deref(),
        ServerMessage::Welcome { .. }
        | ServerMessage::Ping
        | ServerMessage::Bye { .. }
        | ServerMessage::Message { .. }
        | ServerMessage::Private { .. }
        | ServerMessage::Edited { .. }
        | ServerMessage::Deleted { .. }
        | ServerMessage::Reaction { .. }
        | ServerMessage::Read { .. }
        | ServerMessage::Join { .. }
        | ServerMessage::Part { .. }
        | ServerMessage::Quit { .. }
        | ServerMessage::Nick { .. }
        | ServerMessage::Topic { .. }
        | ServerMessage::Away { .. }
        | ServerMessage::Kicked { .. }
        | ServerMessage::Role { .. }
        | ServerMessage::RoomSet { .. }
        | ServerMessage::RoomRenamed { .. }
        | ServerMessage::RuleAdded { .. }
        | ServerMessage::RuleEnded { .. }
        | ServerMessage::Invited { .. }
        | ServerMessage::Notice { .. }
        | ServerMessage::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::chat::pace::WINDOW_UNLIMITED;
    use crate::wire::chat::{Kind, Re};

    fn limits(rate: f64, burst: f64) -> Limits {
        Limits {
            frame_bytes: 25_600,
            message_bytes: 4096,
            topic_bytes: 400,
            nick_chars: 32,
            room_chars: 64,
            rooms_per_user: 50,
            rate,
            burst,
            ping_interval_s: 120,
        }
    }

    fn say(text: &str) -> ClientBody<'static> {
        ClientBody::Send {
            to: "#lobby".into(),
            text: text.to_owned().into(),
            kind: Kind::Text,
            client_msgid: None,
        }
    }

    fn re(id: &str) -> Re {
        Re {
            id: Some(id.to_owned()),
        }
    }

    fn ack(id: &str) -> ServerMessage {
        ServerMessage::Ack {
            re: re(id),
            msgid: "m1".into(),
            time: String::new(),
            kept: true,
        }
    }

    fn written(outbox: &mut Outbox<()>, now: Instant) -> Option<String> {
        outbox.next(now)?.id.map(|id| id.into_owned())
    }

    #[test]
    fn with_flood_control_one_goes_at_a_time_and_too_fast_goes_again_first() {
        let now = Instant::now();
        let mut outbox = Outbox::new(&limits(10.0, 40.0), now);
        outbox.push(say("one"), ());
        outbox.push(say("two"), ());
        assert_eq!(written(&mut outbox, now).as_deref(), Some("1"));
        assert_eq!(written(&mut outbox, now), None, "the first is not answered");
        let refused = ServerMessage::Error {
            re: re("1"),
            code: "too_fast".into(),
            text: "slowly".into(),
            retry_after_ms: Some(300),
        };
        assert!(outbox.answered(refused, now).unwrap().is_none());
        assert_eq!(
            written(&mut outbox, now),
            None,
            "not before the wait is over"
        );
        let later = now + Duration::from_millis(300);
        assert_eq!(outbox.wake_at(now), Some(later));
        assert_eq!(written(&mut outbox, later).as_deref(), Some("1"));
        assert!(outbox.answered(ack("1"), later).unwrap().is_some());
        assert_eq!(written(&mut outbox, later).as_deref(), Some("2"));
        assert!(outbox.answered(ack("2"), later).unwrap().is_some());
        assert!(outbox.is_empty());
    }

    #[test]
    fn requests_keep_to_the_rate_by_themselves() {
        let start = Instant::now();
        let mut now = start;
        let mut outbox = Outbox::new(&limits(10.0, 14.0), now);
        for _ in 0..30 {
            outbox.push(say("x"), ());
        }
        let mut count = 0;
        while !outbox.is_empty() {
            if let Some(id) = written(&mut outbox, now) {
                outbox.answered(ack(&id), now).unwrap();
                count += 1;
            } else {
                now = outbox.wake_at(now).expect("something waits");
            }
        }
        assert_eq!(count, 30);
        let spent = now.duration_since(start);
        assert!(
            spent >= Duration::from_secs(2),
            "ten at once, twenty at ten a second: {spent:?}"
        );
        assert!(spent < Duration::from_millis(2200), "{spent:?}");
    }

    #[test]
    fn without_flood_control_many_go_at_once() {
        let now = Instant::now();
        let mut outbox = Outbox::new(&limits(0.0, 0.0), now);
        for _ in 0..100 {
            outbox.push(say("x"), ());
        }
        let at_once = std::iter::from_fn(|| written(&mut outbox, now)).count();
        assert_eq!(at_once, WINDOW_UNLIMITED);
    }

    #[test]
    fn a_loss_gives_back_what_was_under_way_and_keeps_what_waits() {
        let now = Instant::now();
        let mut outbox = Outbox::new(&limits(10.0, 40.0), now);
        outbox.push(say("one"), "a");
        outbox.push(say("two"), "b");
        outbox.next(now);
        let lost: Vec<_> = outbox
            .lost()
            .into_iter()
            .map(|request| request.purpose)
            .collect();
        assert_eq!(lost, ["a"]);
        outbox.resume(&limits(10.0, 40.0), now, vec![(say("join"), "first")]);
        let order: Vec<_> = outbox
            .give_up()
            .into_iter()
            .map(|request| request.purpose)
            .collect();
        assert_eq!(order, ["first", "b"]);
    }

    #[test]
    fn events_and_foreign_answers_come_back() {
        let now = Instant::now();
        let mut outbox: Outbox<()> = Outbox::new(&limits(10.0, 40.0), now);
        assert!(outbox.answered(ack("7"), now).is_err());
        assert!(outbox.answered(ServerMessage::Ping, now).is_err());
    }
}
