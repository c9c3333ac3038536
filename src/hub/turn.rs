//! One input, from its arrival to its end: liveness and flood control first, then the decision,
//! then what becomes of it. The only file that sees all parts of the hub.

use super::Hub;
use super::change::Change;
use super::command::Command;
use super::decide::moderation::Order;
use super::decide::{self, Decision};
use super::ending::Connection;
use super::flood::{self, Verdict};
use super::id::{MessageId, RequestId, SessionId, UserId};
use super::input::{Input, QuitReason};
use super::output::{Audit, Output, Reply};
use super::refusal::Refusal;
use super::settings::{OnFailure, Settings};
use super::time::Now;
use super::timers::{Due, micros};

/// The hub while it handles one input.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) hub: &'a mut Hub,
    pub(super) now: Now,
    pub(super) outputs: &'a mut Vec<Output>,
}

/// Which request an answer belongs to.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) session: SessionId,
    pub(super) request: Option<RequestId>,
}

impl Asked {
    /// What a session is told without having asked.
    pub(super) fn nothing(session: SessionId) -> Self {
        Self {
            session,
            request: None,
        }
    }
}

impl Turn<'_> {
    pub(super) fn run(&mut self, input: Input) {
        match input {
            Input::Connected {
                session,
                origin,
                key,
            } => self.connected(session, origin, key),
            Input::Command {
                session,
                request,
                command,
            } => {
                if self.is_heard(session) {
                    self.command(Asked { session, request }, command);
                }
            }
            Input::FollowUp {
                session,
                request,
                command,
            } => self.follow_up(session, request, command),
            Input::Fault { session } => {
                if self.is_heard(session) {
                    self.fault(session);
                }
            }
            Input::Capable {
                session,
                answers_ping,
            } => {
                if self.is_heard(session) {
                    let now_us = self.now_us();
                    let timers = &mut self.hub.timers;
                    timers.capable(session.slot, answers_ping, now_us);
                }
            }
            Input::Echo { session, is_wanted } => {
                if self.is_heard(session) {
                    let change = Change::EchoSet { session, is_wanted };
                    self.hub.state.apply(change);
                }
            }
            Input::Certified {
                session,
                certificate,
            } => self.certified(session, certificate),
            Input::Vouched { session, user } => self.vouched(session, user),
            Input::Introduced { session, origin } => self.introduced(session, origin),
            Input::Disconnected { session, reason } => {
                if self.hub.state.session(session).is_some() {
                    self.end(session, reason, Connection::Gone);
                }
            }
            Input::Admin(command) => self.admin(command),
            Input::Settings(settings) => self.settings(settings),
            Input::Restored(restored) => self.restored(restored),
            Input::Keeping(keeping) => self.hub.keeping = keeping,
            Input::Answered { ticket, answer } => self.answered(ticket, answer),
            Input::Held(held) => self.hub.held = held,
            Input::CloakKey(key) => self.hub.state.cloak_key = key,
            Input::AccountAnswered { ticket, answer } => self.account_answered(ticket, answer),
            Input::Chartered { charters, rules } => self.chartered(charters, rules),
            Input::Registered { records } => self.registered_records(records),
            Input::AccountChanged(change) => self.account_changed(change),
            Input::Lost { from, upto } => self.lost(from, upto),
            Input::Tick => self.tick(),
        }
    }

    fn lost(&mut self, from: MessageId, upto: MessageId) {
        match self.hub.settings.on_failure {
            OnFailure::Refuse => self.hub.resends.forget(from, upto),
            OnFailure::Continue => self.hub.resends.note_lost(from, upto),
        }
    }

    /// Whether the session is there; if so, it is alive.
    fn is_heard(&mut self, session: SessionId) -> bool {
        let is_there = self.hub.state.session(session).is_some();
        if is_there {
            let now_us = self.now_us();
            self.hub.timers.heard(session.slot, now_us);
        }
        is_there
    }

    fn command(&mut self, asked: Asked, command: Command) {
        let cost = flood::cost(&command, &self.hub.state);
        // What is free proves nothing: it neither interrupts a flood nor makes up for a fault.
        if cost > 0.0 {
            match self.take_tokens(asked.session, cost) {
                Verdict::Pass => self.forgive_a_fault(asked.session),
                Verdict::Refuse { retry_after_ms, .. } => {
                    self.refuse(asked, Refusal::TooFast { retry_after_ms });
                    return;
                }
                Verdict::Close => {
                    self.end(asked.session, QuitReason::Flooding, Connection::Open);
                    return;
                }
            }
        }
        self.paid_command(asked, command);
    }

    fn follow_up(&mut self, session: SessionId, request: RequestId, command: Command) {
        if self.hub.state.session(session).is_some() {
            let request = Some(request);
            self.paid_command(Asked { session, request }, command);
        }
    }

    pub(super) fn paid_command(&mut self, asked: Asked, command: Command) {
        if self.was_said(&asked, &command) {
            return;
        }
        if let Err(refusal) = self.keep_within_limits(&asked, &command) {
            return self.refuse(asked, refusal);
        }
        let Some((asked, command)) = self.unless_held(asked, command) else {
            return;
        };
        self.decided_command(asked, command);
    }

    /// What has been paid for, is within the limits and waits for nothing.
    pub(super) fn decided_command(&mut self, asked: Asked, command: Command) {
        match decide::decide(self.facts(), asked.session, command) {
            Ok(decision) => self.carry_out(asked, decision),
            Err(refusal) => self.refuse(asked, refusal),
        }
    }

    /// What a decision goes by now.
    pub(super) fn facts(&self) -> decide::Facts<'_> {
        self.hub.facts(self.now)
    }

    fn carry_out(&mut self, asked: Asked, decision: Decision) {
        match decision {
            Decision::LogIn {
                nick,
                key,
                enter_default_room,
                does_resume,
                introduction,
            } => {
                self.log_in(&asked, nick, key, does_resume, introduction);
                if enter_default_room {
                    self.enter_default_room(asked.session);
                }
            }
            Decision::Attach {
                user,
                does_resume,
                since,
            } => self.attach(asked, user, does_resume, since, None),
            Decision::Authenticate { claim, entry } => self.authenticate(asked, claim, entry),
            Decision::Prove(claim) => self.prove(asked, claim),
            Decision::BeginScram(name) => self.begin_scram(asked, name),
            Decision::ComeIn {
                nick,
                entry,
                introduction,
            } => self.come_in_proved(asked, nick, entry, introduction),
            Decision::Enroll(enrolment) => self.enroll(asked, enrolment),
            Decision::ChangePassword(change) => self.change_password(asked, change),
            Decision::Rename(nick) => self.rename(asked, nick),
            Decision::Enter(room) => {
                let user = self.user_of(asked.session);
                self.enter(user, room, Some(asked));
            }
            Decision::Invite { room, user, opens } => self.invite(asked, room, user, opens),
            Decision::Moderate(Order::Rename(new)) => self.rename_room_for(asked, new),
            Decision::Moderate(order) => self.moderate_for(asked, order),
            Decision::Leave { room, reason } => self.leave(asked, room, reason),
            Decision::Say { room, speech } => self.say(asked, room, speech),
            Decision::SayToStatus { to, speech } => self.say_to_status(asked, to, speech),
            Decision::Tell { to, speech } => self.tell_user(asked, to, speech),
            Decision::TagRoom { room, tags } => self.tag_room(asked, room, &tags),
            Decision::TagStatus { to, tags } => self.tag_status(asked, to, tags),
            Decision::TagUser { to, tags } => self.tag_user(asked, to, &tags),
            Decision::Ask { question, purpose } => self.ask(asked, question, purpose),
            Decision::MarkRead { of, upto } => self.mark_read(asked, of, upto),
            Decision::SetTopic { room, text } => {
                let by = self.user_of(asked.session);
                self.set_topic(room, Some(by), text);
                self.reply(asked, Reply::Done);
            }
            Decision::SetAway(away) => self.set_away(asked, away),
            Decision::Persist(on) => self.set_persistence(asked, on),
            Decision::SetDeaf(deaf) => self.set_deaf(asked, deaf),
            Decision::SetIgnore { other, on } => {
                let user = self.user_of(asked.session);
                self.hub.state.apply(Change::IgnoreSet { user, other, on });
                self.reply(asked, Reply::Done);
            }
            Decision::Answer(reply) => self.reply(asked, reply),
            Decision::Survey(survey) => self.survey(asked, survey),
            Decision::People(request) => self.people(asked, request),
            Decision::Nothing => {}
            Decision::End(reason) => self.end(asked.session, reason, Connection::Open),
        }
    }

    fn set_deaf(&mut self, asked: Asked, deaf: bool) {
        let session = asked.session;
        self.hub.state.apply(Change::DeafSet { session, deaf });
        self.reply(asked, Reply::Deaf { deaf });
    }

    /// Its protocol has answered it already; here it costs a token and patience.
    fn fault(&mut self, session: SessionId) {
        let verdict = self.take_tokens(session, flood::FAULT_COST);
        let gauge = &mut self.hub.gauges[session.slot as usize];
        gauge.faults += 1;
        if gauge.faults >= self.hub.settings.max_faults {
            self.end(session, QuitReason::TooManyFaults, Connection::Open);
        } else if verdict == Verdict::Close {
            self.end(session, QuitReason::Flooding, Connection::Open);
        }
    }

    /// Whoever makes sense now and then is no garbage, however long the session lasts.
    fn forgive_a_fault(&mut self, session: SessionId) {
        let gauge = &mut self.hub.gauges[session.slot as usize];
        gauge.faults = gauge.faults.saturating_sub(1);
    }

    fn take_tokens(&mut self, session: SessionId, cost: f64) -> Verdict {
        let now_us = self.now_us();
        let Hub {
            settings, gauges, ..
        } = &mut *self.hub;
        let verdict = gauges[session.slot as usize].take(now_us, cost, settings);
        if let Verdict::Refuse { tell_log: true, .. } = verdict {
            self.audit(Audit::Throttled { session });
        }
        verdict
    }

    /// The default room is where old clients are: it keeps its name until the daemon starts anew.
    fn settings(&mut self, settings: Settings) {
        let before = std::mem::replace(&mut self.hub.settings, settings);
        self.hub.settings.default_room = before.default_room;
    }

    fn tick(&mut self) {
        let now_us = self.now_us();
        while let Some((slot, due)) = self.hub.timers.due(now_us, &self.hub.settings) {
            let waiting = self.hub.state.sessions.in_slot(slot);
            let session = waiting.expect("who waits for something is there");
            match due {
                Due::Ping => self.outputs.push(Output::Ping { session }),
                Due::LoginTimeout => self.end(session, QuitReason::LoginTimeout, Connection::Open),
                Due::PingTimeout => self.end(session, QuitReason::PingTimeout, Connection::Open),
            }
        }
        self.end_expired();
        self.end_rules_due(self.now.uptime);
        self.end_kept_places(self.now.uptime);
        self.end_waits(self.now.uptime);
        self.forget_former_names();
    }

    pub(super) fn reply(&mut self, asked: Asked, reply: Reply) {
        self.outputs.push(Output::Reply {
            session: asked.session,
            request: asked.request,
            reply,
        });
    }

    pub(super) fn refuse(&mut self, asked: Asked, refusal: Refusal) {
        self.reply(asked, Reply::Refused(refusal));
    }

    pub(super) fn audit(&mut self, audit: Audit) {
        self.outputs.push(Output::Audit(audit));
    }

    /// The user behind a session whose command has been decided.
    pub(super) fn user_of(&self, session: SessionId) -> UserId {
        let session = self.hub.state.session(session);
        let user = session.and_then(|session| session.user);
        user.expect("only users' commands are decided in their favour")
    }

    pub(super) fn now_us(&self) -> u64 {
        micros(self.now.uptime)
    }
}
