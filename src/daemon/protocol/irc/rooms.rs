//! What the hub says of rooms, as lines: who is there, which there are, what is set about them and which rules they have.

use smol_str::SmolStr;

use super::answer::Answering;
use super::caps::Cap;
use super::context::Context;
use super::deeds::render_modes;
use super::modes;
use super::verbs::list::Filter;
use super::write::Source;
use crate::hub::command::Command;
use crate::hub::moderation::rule::{Effect, Rule};
use crate::hub::name::RoomName;
use crate::hub::output::{Member, RoomCard, Surveyed, UserCard};
use crate::hub::permission::Role;

impl Answering<'_> {
    /// What a client has asked about rooms.
    pub(super) fn of_rooms(&mut self, context: Context, surveyed: &Surveyed) {
        match (context, surveyed) {
            (Context::Names { ends, .. }, Surveyed::Room(card)) => {
                self.names(card);
                self.end_names(ends.as_deref());
            }
            (Context::List(filter), Surveyed::Rooms(cards)) => self.list(&filter, cards),
            (Context::Invitations, Surveyed::Rooms(cards)) => self.invitations(cards),
            (Context::LeaveAll, Surveyed::User(card)) => self.leave_all(card),
            (Context::Modes { .. }, Surveyed::Room(card)) => self.room_modes(card),
            (Context::Rules { effect, .. }, Surveyed::Rules { room, rules }) => {
                self.rules(room, effect, rules);
            }
            (_, _) => {}
        }
    }

    /// Who is in a room. Its end is for [`Self::end_names`].
    pub(super) fn names(&mut self, card: &RoomCard) {
        const TEXT_BYTES_MAX: usize = 350;
        let room = card.room.as_str();
        let sign = if card.settings.secret { "@" } else { "=" };
        let mut text = String::with_capacity(2 * TEXT_BYTES_MAX);
        for member in &card.members {
            let end = text.len();
            self.push_name(member, &mut text);
            if end > 0 && text.len() > TEXT_BYTES_MAX {
                let names = text[..end].trim_end();
                self.lines().numeric(353, &[sign, room], names);
                if self.is_cut("NAMES") {
                    return;
                }
                text.drain(..end);
            }
            text.push(' ');
        }
        if !text.is_empty() {
            self.lines().numeric(353, &[sign, room], text.trim_end());
        }
    }

    /// With the names that were asked for; `None` while others of them follow.
    pub(super) fn end_names(&mut self, names: Option<&str>) {
        if let Some(names) = names {
            self.lines().numeric(366, &[names], "End of /NAMES list");
        }
    }

    fn push_name(&self, member: &Member, text: &mut String) {
        let shows_all = self.session.caps.has(Cap::MultiPrefix);
        text.push_str(prefixes(shows_all, member.role, member.is_voiced));
        let nick = member.nick.as_str();
        if self.session.caps.has(Cap::UserhostInNames) {
            let persona = Some(&*member.persona);
            let source = Source { nick, persona };
            text.push_str(&source.text(self.facts));
        } else {
            text.push_str(nick);
        }
    }

    /// The rooms that are wanted, as many as one answer may have. One in which nobody is and that has no topic is
    /// nothing to find.
    fn list(&mut self, filter: &Filter, cards: &[RoomCard]) {
        let now = self.facts.now;
        self.lines().numeric(321, &["Channel"], "Users  Name");
        let is_shown = |card: &&RoomCard| card.size > 0 || card.topic.is_some();
        let wanted = cards.iter().filter(is_shown);
        for card in wanted.filter(|card| filter.fits(card, now)) {
            if self.lines.len() > self.facts.list_bytes {
                let text = "There are more; ask for fewer, such as LIST >10 or LIST #a*";
                self.lines().numeric(263, &["LIST"], text);
                break;
            }
            let topic = card.topic.as_deref().unwrap_or_default();
            let size = card.size.to_string();
            self.lines()
                .numeric(322, &[card.room.as_str(), &size], topic);
        }
        self.lines().numeric(323, &[], "End of /LIST");
    }

    fn invitations(&mut self, cards: &[RoomCard]) {
        for card in cards {
            self.lines().bare_numeric(336, &[card.room.as_str()]);
        }
        self.lines().numeric(337, &[], "End of /INVITE list");
    }

    fn leave_all(&mut self, card: &UserCard) {
        for (room, _) in &card.rooms {
            let context = Context::Deed {
                verb: "PART",
                target: room.as_str().into(),
            };
            let (room, reason) = (room.clone(), None);
            self.ask_command(Command::Part { room, reason }, context);
        }
    }

    fn room_modes(&mut self, card: &RoomCard) {
        let room = card.room.as_str();
        let words = modes::of_settings(&card.settings);
        let words = words.iter().map(SmolStr::as_str);
        let params: Vec<&str> = std::iter::once(room).chain(words).collect();
        self.lines().bare_numeric(324, &params);
        let since = (card.created_at.0 / 1000).to_string();
        self.lines().bare_numeric(329, &[room, &since]);
    }

    /// One of a room's lists, with who has set each and when.
    fn rules(&mut self, room: &RoomName, effect: Effect, rules: &[Rule]) {
        let (entry, end, called) = match effect {
            Effect::Ban | Effect::Mute => (367, 368, "ban"),
            Effect::Exempt => (348, 349, "exception"),
            Effect::Invite => (346, 347, "invite exception"),
        };
        let room = room.as_str();
        let letter = modes::letter_of(effect);
        let server = self.facts.server_name.clone();
        let listed = rules.iter();
        for rule in listed.filter(|rule| modes::letter_of(rule.effect) == letter) {
            let by = rule.by.as_ref().map_or(&*server, |by| by.as_str());
            let at = (rule.at.0 / 1000).to_string();
            let params = [room, &modes::mask(rule), by, &at];
            self.lines().bare_numeric(entry, &params);
        }
        let text = format!("End of channel {called} list");
        self.lines().numeric(end, &[room], &text);
    }

    /// What has become of all changes of one `MODE` line.
    pub(super) fn end_modes(&mut self) {
        if let Some(gathered) = self.session.gathered.take() {
            let look = self.session.caps.look();
            let (facts, out) = (self.facts, &mut self.lines);
            render_modes(look, facts, &gathered.event, &gathered.changes, out);
        }
    }
}

/// How a member's role is shown: by all signs that they have, the highest first, or by that alone.
pub(super) fn prefixes(shows_all: bool, role: Role, is_voiced: bool) -> &'static str {
    match role {
        Role::Anyone => "",
        Role::Voiced => "+",
        Role::Operator | Role::Owner | Role::ServerOperator if is_voiced && shows_all => "@+",
        Role::Operator | Role::Owner | Role::ServerOperator => "@",
    }
}
