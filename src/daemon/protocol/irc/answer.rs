//! The hub's answers as lines, each by what was asked.

mod coming;
pub(super) mod metadata;
mod past;
mod people;
mod said;

use super::context::Context;
use super::pending::{GroupId, Waiting};
use super::verbs::query::write_motd;
use super::write::{Lines, Source, push_joined};
use super::{Facts, Incoming, Session, isupport, modes, refusal};
use crate::daemon::protocol::stamp::{Rfc3339, Stamp};
use crate::hub::command::{Command, Survey};
use crate::hub::id::RequestId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::output::{Reply, RoomCard, Surveyed};
use crate::hub::people::Answer;

/// One answer while it is being written.
pub(super) struct Answering<'a> {
    pub(super) session: &'a mut Session,
    pub(super) facts: &'a Facts,
    pub(super) incoming: &'a mut Vec<Incoming>,
    group: Option<GroupId>,
    /// Which line of the client it belongs to.
    line: Option<u64>,
    pub(super) lines: Vec<u8>,
    /// What has come of it beside the answer.
    unlabelled: Vec<u8>,
}

pub(super) fn answer(
    session: &mut Session,
    facts: &Facts,
    request: Option<&RequestId>,
    reply: &Reply,
    out: &mut Vec<u8>,
    incoming: &mut Vec<Incoming>,
) {
    // The answer to the request is still to come.
    if let Reply::People(Answer::IsAway { nick, text }) = reply {
        let group = request.and_then(|request| session.pending.group_of(request));
        let mut lines = Vec::new();
        let params = [nick.as_str()];
        session.lines(facts, &mut lines).numeric(301, &params, text);
        return session.pending.put(group, &lines, out);
    }
    let waiting = request.and_then(|request| session.pending.take(request));
    let group = waiting.as_ref().and_then(|waiting| waiting.group);
    let line = waiting.as_ref().map(|waiting| waiting.line);
    let mut answering = Answering {
        session,
        facts,
        incoming,
        group,
        line,
        lines: Vec::new(),
        unlabelled: Vec::new(),
    };
    match waiting {
        Some(Waiting {
            context: Context::Paid { lines, .. },
            line,
            ..
        }) if matches!(reply, Reply::Pong) => {
            // What a client says to find out that it is up to date must not be answered ahead of what waits.
            session.pending.hold(line, group, lines);
            return session.pending.release(facts, out);
        }
        Some(waiting) => answering.asked(waiting.context, reply),
        None => answering.unasked(reply),
    }
    let (lines, unlabelled) = (answering.lines, answering.unlabelled);
    out.extend_from_slice(&unlabelled);
    session.pending.put(group, &lines, out);
    session.pending.settle(group, facts, out);
    session.pending.release(facts, out);
}

impl Answering<'_> {
    pub(super) fn lines(&mut self) -> Lines<'_> {
        self.session.lines(self.facts, &mut self.lines)
    }

    /// Whether no more of a list may be written, since the client's queue must hold it; then that is told.
    pub(super) fn is_cut(&mut self, verb: &str) -> bool {
        let is_cut = self.lines.len() >= self.facts.list_bytes;
        if is_cut {
            let text = "The answer is too long; the rest is left out";
            self.lines().numeric(416, &[verb], text);
        }
        is_cut
    }

    /// Asks more, for the same line.
    fn ask(&mut self, survey: Survey, context: Context) {
        self.ask_command(Command::Survey(survey), context);
    }

    pub(super) fn ask_command(&mut self, command: Command, context: Context) {
        let pending = &mut self.session.pending;
        let request = match self.line {
            Some(line) => pending.add_for(line, self.group, context),
            None => pending.add(self.group, context),
        };
        self.incoming.push(Incoming::FollowUp { request, command });
    }

    fn asked(&mut self, context: Context, reply: &Reply) {
        match (context, reply) {
            (Context::Sasl, Reply::Refused(refusal)) => self.not_authenticated(refusal),
            (Context::Sasl, Reply::ScramChallenge(challenge)) => self.scram_challenged(challenge),
            (Context::Sasl, Reply::Authenticated { account, signature }) => {
                self.authenticated(account, *signature);
            }
            (Context::Pass, Reply::Refused(refusal)) => self.not_passed(refusal),
            (Context::Pass, Reply::Authenticated { account, .. }) => self.passed(account),
            (Context::Account { nick }, Reply::Refused(refusal)) => {
                self.not_registered(&nick, refusal);
            }
            (Context::Account { .. }, Reply::Registered { account }) => self.registered(account),
            (Context::Past(past), reply) => self.past(*past, reply),
            (context, Reply::Refused(refusal)) => self.refused(&context, refusal),
            (
                Context::Register { .. },
                Reply::LoggedIn {
                    nick,
                    persona,
                    account,
                    ..
                },
            ) => {
                if account.is_some() {
                    self.keeps_place();
                }
                self.session.persona.clone_from(persona);
                self.welcome(nick);
            }
            (Context::Welcome, Reply::Survey(Surveyed::Crowd(crowd))) => {
                self.crowd(*crowd);
                self.welcomed();
            }
            (Context::Paid { lines, .. }, _) => self.lines.extend_from_slice(&lines),
            (Context::Join { .. }, Reply::Joined { room, .. }) => {
                self.joined(room);
            }
            (Context::Joined { mark }, Reply::Survey(Surveyed::Room(card))) => {
                self.entered(card, mark);
            }
            (Context::Attached, Reply::Survey(Surveyed::Room(card))) if card.is_member => {
                self.attached(&card.room);
                self.joined(&card.room);
            }
            (Context::Renamed { event, names }, Reply::Survey(Surveyed::Room(card))) => {
                self.renamed(&event, names, card);
            }
            (Context::ModesEnd, _) => self.end_modes(),
            (Context::Topic { .. }, Reply::Survey(Surveyed::Room(card))) => {
                self.topic_or_none(card);
            }
            (Context::Invite { room, nick }, _) => {
                let params = [nick.as_str(), room.as_str()];
                self.lines().bare_numeric(341, &params);
            }
            (
                Context::Deed {
                    verb: "AWAY",
                    target,
                },
                _,
            ) => self.away_set(!target.is_empty()),
            (Context::About(about), reply) => self.about(&about, reply),
            (Context::Say(said), Reply::Ack { id, at, .. }) => {
                self.said(&said, &Stamp::new(*id, *at));
            }
            (context, Reply::Survey(surveyed)) => self.of_rooms(context, surveyed),
            // An event tells it.
            (_, _) => {}
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all else is an answer to what was asked"
    )]
    fn unasked(&mut self, reply: &Reply) {
        match reply {
            Reply::Joined {
                room,
                was_there: true,
                ..
            } => {
                // Who is there is asked later: this only puts it behind the welcome.
                self.look_around(room, false, Context::Attached);
            }
            Reply::Joined { room, .. } => self.joined(room),
            Reply::Refused(refusal) => {
                refusal::write(&mut self.lines(), &Context::Unasked, refusal);
            }
            _ => {}
        }
    }

    fn refused(&mut self, context: &Context, refusal: &crate::hub::refusal::Refusal) {
        use crate::hub::refusal::Refusal;
        if let (Context::Names { ends, .. }, Refusal::NoSuchRoom(_)) = (context, refusal) {
            return self.end_names(ends.as_deref());
        }
        let is_look_around = matches!(
            context,
            Context::Joined { .. } | Context::Attached | Context::Renamed { .. }
        );
        if is_look_around && matches!(refusal, Refusal::NoSuchRoom(_)) {
            return; // left again meanwhile
        }
        if let Context::ModesEnd = context {
            return self.end_modes(); // whatever the matter is, this was only to be told of them
        }
        if let Context::Say(said) = context
            && said.verb == "NOTICE"
            && refusal::is_about_target(refusal)
        {
            return; // a notice is never answered, or programs would answer each other for ever
        }
        if let Context::About(about) = context
            && self.about_refused(about, refusal)
        {
            return;
        }
        refusal::write(&mut self.lines(), context, refusal);
        if let Context::Welcome = context {
            return self.welcomed(); // how many are here is no reason to keep it waiting
        }
        if let Context::Register { .. } = context {
            // Another nick may do, or another realname.
            if let Some(registration) = self.session.registration.as_deref_mut() {
                if let Refusal::TextControl | Refusal::BlockedWord = refusal {
                    registration.introduction = None;
                } else {
                    registration.nick = None;
                }
            }
            self.go_on();
        }
    }

    /// By default, whoever has an account keeps their place for a while when the connection breaks.
    pub(super) fn keeps_place(&mut self) {
        self.session.has_account = true;
        let context = Context::Deed {
            verb: "PERSISTENCE",
            target: "".into(),
        };
        self.ask_command(Command::Persist(true), context);
    }

    fn welcome(&mut self, nick: &Nick) {
        let registration = self.session.registration.take();
        self.session.renamed(nick);
        let facts = self.facts;
        let (server, software) = (&facts.server_name, &facts.software);
        let version = software.replace(' ', "-");
        let batch = self.session.batch_of_isupport();
        self.lines.reserve(WELCOME_BYTES);
        let mut lines = self.lines();
        lines.numeric(1, &[], &format!("Welcome to {server}, {nick}"));
        lines.numeric(2, &[], &format!("Your host is {server}, running {version}"));
        let since = Rfc3339::new(facts.started_at);
        let text = format!("This server was started {}", since.as_str());
        lines.numeric(3, &[], &text);
        let (modes, with_params) = modes::letters();
        lines.bare_numeric(4, &[server, &version, "Biow", &modes, &with_params]);
        isupport::write(&mut lines, batch.as_deref());
        self.come_in(registration);
        self.ask(Survey::Counts, Context::Welcome);
    }

    /// The end of the welcome: what came meanwhile is read.
    fn welcomed(&mut self) {
        write_motd(&mut self.lines());
        self.go_on();
    }

    pub(super) fn look_around(&mut self, room: &RoomName, members: bool, context: Context) {
        let room = room.clone();
        self.ask(Survey::Room { room, members }, context);
    }

    /// The session is in a room from now on, where its user was before.
    fn attached(&mut self, room: &RoomName) {
        let source = Source {
            nick: &self.session.nick,
            persona: self.session.persona.as_deref(),
        };
        self.lines.push(b':');
        source.write(self.facts, &mut self.lines);
        self.lines.extend_from_slice(b" JOIN");
        let persona = self.session.persona.as_deref();
        push_joined(room.as_str(), persona, self.session.caps, &mut self.lines);
    }

    fn away_set(&mut self, is_away: bool) {
        let (number, text) = if is_away {
            (306, "You have been marked as being away")
        } else {
            (305, "You are no longer marked as being away")
        };
        self.lines().numeric(number, &[], text);
    }

    fn topic_or_none(&mut self, card: &RoomCard) {
        if card.topic.is_none() {
            let room = card.room.as_str();
            self.lines().numeric(331, &[room], "No topic is set");
        }
        self.topic(card);
    }

    pub(super) fn topic(&mut self, card: &RoomCard) {
        let room = card.room.as_str();
        let Some(topic) = &card.topic else {
            return;
        };
        self.lines().numeric(332, &[room], topic);
        if let Some((by, at)) = &card.topic_by {
            let at = (at.0 / 1000).to_string();
            self.lines().bare_numeric(333, &[room, by.as_str(), &at]);
        }
    }
}

/// What a welcome takes, about.
const WELCOME_BYTES: usize = 2048;
