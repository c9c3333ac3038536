//! What is answered about people: `WHO`, `WHOIS`, `WHOWAS`, `USERHOST`, `ISON`, `LUSERS`, the own modes, `MONITOR`.

use super::{Answering, metadata};
use crate::daemon::protocol::irc::about::{About, Who};
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::mask::fits;
use crate::daemon::protocol::irc::rooms::prefixes;
use crate::daemon::protocol::irc::verbs::own::letter;
use crate::daemon::protocol::irc::write::{Source, push_params};
use crate::daemon::protocol::stamp::Rfc3339;
use crate::hub::name::{Nick, RoomName};
use crate::hub::output::{Crowd, Reply, Surveyed, UserCard};
use crate::hub::people::Answer;
use crate::hub::people::gone::GoneCard;
use crate::hub::people::modes::{UserMode, UserModes};
use crate::hub::people::watch::{WATCHED_MAX, Watched};
use crate::hub::permission::Role;
use crate::hub::refusal::Refusal;

/// Bytes of names in one line.
const LIST_BYTES_MAX: usize = 350;

const USERIP: u16 = 340;

/// Nobody learns where people come from.
const NO_ADDRESS: &str = "255.255.255.255";

impl Answering<'_> {
    pub(super) fn about(&mut self, about: &About, reply: &Reply) {
        match (about, reply) {
            (About::Who(who), Reply::Survey(surveyed)) => self.who(who, surveyed),
            (About::Whois { .. }, Reply::Survey(Surveyed::User(card))) => self.whois(card),
            (About::WhoWas { nick }, Reply::Survey(Surveyed::Gone(cards))) => {
                self.whowas(nick, cards);
            }
            (About::UserHost, Reply::Survey(Surveyed::Users(cards))) => self.userhost(302, cards),
            (About::UserIp, Reply::Survey(Surveyed::Users(cards))) => self.userhost(USERIP, cards),
            (About::IsOn, Reply::Survey(Surveyed::Users(cards))) => {
                let nicks: Vec<&str> = cards.iter().map(|card| card.nick.as_str()).collect();
                self.lines().numeric(303, &[], &nicks.join(" "));
            }
            (About::Lusers, Reply::Survey(Surveyed::Crowd(crowd))) => self.crowd(*crowd),
            (About::Rehash, Reply::Survey(Surveyed::User(card))) => self.rehash(card),
            (About::Modes { is_question }, Reply::People(answer)) => {
                self.modes(*is_question, answer);
            }
            (About::Oper, Reply::People(_)) => self.is_operator(),
            (About::Resign, Reply::Done) => self.mode_changed("-o"),
            (About::Monitor, Reply::People(Answer::Watched(watched))) => self.watched(watched),
            (About::Monitor, Reply::People(Answer::Watching(nicks))) => self.watching(nicks),
            (
                About::Metadata(_) | About::OwnMetadata | About::RoomMetadata,
                Reply::People(Answer::Metadata(answer)),
            ) => metadata::answer(self, about, answer),
            // Told by an event, or not at all.
            (_, _) => {}
        }
    }

    /// Whether what was refused has a form of its own.
    pub(super) fn about_refused(&mut self, about: &About, refusal: &Refusal) -> bool {
        match (about, refusal) {
            (About::Who(who), Refusal::NoSuchUser(_) | Refusal::NoSuchRoom(_)) => {
                self.lines().numeric(315, &[&who.mask], "End of /WHO list");
            }
            (About::Whois { nick }, Refusal::NoSuchUser(_)) => {
                let mut lines = self.lines();
                lines.numeric(401, &[nick], "No such nick");
                lines.numeric(318, &[nick], "End of /WHOIS list");
            }
            (
                About::SetName,
                Refusal::TextEmpty
                | Refusal::TextTooLong { .. }
                | Refusal::TextControl
                | Refusal::BlockedWord,
            ) => {
                let text = "This cannot be a realname";
                self.lines().fail("SETNAME", "INVALID_REALNAME", &[], text);
            }
            // Whether the name or the password was wrong is not told.
            (About::Oper, Refusal::LoginFailed) => {
                self.lines().numeric(464, &[], "Password incorrect");
            }
            (About::Oper, Refusal::NotPermitted { .. }) => {
                self.lines().numeric(491, &[], "Nobody may do that here");
            }
            (About::Metadata(asked), refusal) => return metadata::refused(self, asked, refusal),
            (_, _) => return false,
        }
        true
    }

    fn who(&mut self, who: &Who, surveyed: &Surveyed) {
        match surveyed {
            Surveyed::Members { room, members } => self.who_is_in(who, room, members),
            Surveyed::User(card) => self.who_line(who, card, None),
            Surveyed::Users(cards) => {
                for card in cards.iter().filter(|card| fits(&who.mask, card)) {
                    if self.is_cut("WHO") {
                        break;
                    }
                    self.who_line(who, card, None);
                }
            }
            Surveyed::Room(_)
            | Surveyed::Rooms(_)
            | Surveyed::Rules { .. }
            | Surveyed::Gone(_)
            | Surveyed::Crowd(_) => {}
        }
        self.lines().numeric(315, &[&who.mask], "End of /WHO list");
    }

    fn who_is_in(&mut self, who: &Who, room: &RoomName, members: &[(UserCard, Role)]) {
        for (card, role) in members {
            if self.is_cut("WHO") {
                break;
            }
            let shows_all = self.session.caps.has(Cap::MultiPrefix);
            let prefix = prefixes(shows_all, *role, card.voiced_in.contains(room));
            self.who_line(who, card, Some((room.as_str(), prefix)));
        }
    }

    fn who_line(&mut self, who: &Who, card: &UserCard, place: Option<(&str, &str)>) {
        if who.operators_only && !card.is_server_operator {
            return;
        }
        let flags = flags(card, place.map_or("", |(_, prefix)| prefix));
        let room = place.map_or("*", |(room, _)| room);
        let persona = &card.persona;
        let server = self.facts.server_name.clone();
        let Some((fields, token)) = &who.fields else {
            let nick = card.nick.as_str();
            let params = [
                room,
                &persona.username,
                &persona.host,
                &server,
                nick,
                &flags,
            ];
            let text = format!("0 {}", persona.realname);
            return self.lines().numeric(352, &params, &text);
        };
        let idle = card.idle.as_secs().to_string();
        let account = persona.account.as_ref().map_or("0", Nick::as_str);
        let mut params: Vec<&str> = Vec::new();
        for field in "tcuihsnfdlao".chars().filter(|&it| fields.contains(it)) {
            params.push(match field {
                't' => token,
                'c' => room,
                'u' => &persona.username,
                'i' => NO_ADDRESS,
                'h' => &persona.host,
                's' => &server,
                'n' => card.nick.as_str(),
                'f' => &flags,
                'd' => "0",
                'l' => &idle,
                'a' => account,
                _ => "n/a",
            });
        }
        if fields.contains('r') {
            self.lines().numeric(354, &params, &persona.realname);
        } else {
            self.lines().bare_numeric(354, &params);
        }
    }

    fn whois(&mut self, card: &UserCard) {
        let (facts, caps) = (self.facts, self.session.caps);
        let nick = card.nick.as_str();
        let persona = &card.persona;
        let of_user = [nick, &persona.username, &persona.host, "*"];
        self.lines().numeric(311, &of_user, &persona.realname);
        self.whois_rooms(card);
        let mut lines = self.lines();
        lines.numeric(312, &[nick, &facts.server_name], &facts.software);
        if card.is_server_operator {
            lines.numeric(313, &[nick], "is a server operator");
        }
        if let Some(account) = &persona.account {
            lines.numeric(330, &[nick, account.as_str()], "is logged in as");
        }
        if card.modes.has(UserMode::Bot) {
            lines.numeric(335, &[nick], "is a bot");
        }
        if caps.has(Cap::Metadata2) || caps.has(Cap::Metadata3) {
            for (key, value) in &card.metadata {
                lines.numeric(760, &[nick, key.as_str(), "*"], value);
            }
        }
        if let Some(away) = &card.away {
            lines.numeric(301, &[nick], away);
        }
        let idle = card.idle.as_secs().to_string();
        let since = (card.since.0 / 1000).to_string();
        lines.numeric(317, &[nick, &idle, &since], "seconds idle, signon time");
        lines.numeric(318, &[nick], "End of /WHOIS list");
    }

    fn whois_rooms(&mut self, card: &UserCard) {
        let nick = card.nick.as_str();
        let names = card.rooms.iter();
        let shows_all = self.session.caps.has(Cap::MultiPrefix);
        let names = names.map(|(room, role)| {
            let prefix = prefixes(shows_all, *role, card.voiced_in.contains(room));
            format!("{prefix}{room}")
        });
        for line in in_lines(names, ' ') {
            self.lines().numeric(319, &[nick], &line);
        }
    }

    fn whowas(&mut self, nick: &str, cards: &[GoneCard]) {
        let facts = self.facts;
        let mut lines = self.lines();
        for card in cards {
            let persona = &card.persona;
            let nick = card.nick.as_str();
            let of_user = [nick, &persona.username, &persona.host, "*"];
            lines.numeric(314, &of_user, &persona.realname);
            let at = Rfc3339::new(card.at);
            lines.numeric(312, &[nick, &facts.server_name], at.as_str());
        }
        if cards.is_empty() {
            lines.numeric(406, &[nick], "There was no such nick");
        }
        lines.numeric(369, &[nick], "End of WHOWAS");
    }

    fn userhost(&mut self, code: u16, cards: &[UserCard]) {
        let hosts = cards.iter().map(|card| {
            let nick = card.nick.as_str();
            let star = if card.is_server_operator { "*" } else { "" };
            let sign = if card.away.is_some() { '-' } else { '+' };
            let persona = &card.persona;
            let host = if code == USERIP {
                NO_ADDRESS
            } else {
                &persona.host
            };
            format!("{nick}{star}={sign}{}@{host}", persona.username)
        });
        let hosts: Vec<String> = hosts.collect();
        self.lines().numeric(code, &[], &hosts.join(" "));
    }

    pub(super) fn crowd(&mut self, crowd: Crowd) {
        let Crowd {
            users,
            invisible,
            server_operators,
            unknown,
            rooms,
            most_users,
        } = crowd;
        let visible = users - invisible;
        let mut lines = self.lines();
        let text = format!("There are {visible} users and {invisible} invisible on 1 servers");
        lines.numeric(251, &[], &text);
        lines.numeric(252, &[&server_operators.to_string()], "operator(s) online");
        lines.numeric(253, &[&unknown.to_string()], "unknown connection(s)");
        lines.numeric(254, &[&rooms.to_string()], "channels formed");
        lines.numeric(255, &[], &format!("I have {users} clients and 0 servers"));
        let counts = [users.to_string(), most_users.to_string()];
        let params = [&*counts[0], &*counts[1]];
        let text = format!("Current local users {users}, max {most_users}");
        lines.numeric(265, &params, &text);
        let text = format!("Current global users {users}, max {most_users}");
        lines.numeric(266, &params, &text);
    }

    /// What is read again is a file of the machine, by whoever may change it there.
    fn rehash(&mut self, card: &UserCard) {
        if card.is_server_operator {
            let text = "The config is read again by `chatctl reload` on the server's machine, not over IRC";
            self.lines().fail("REHASH", "NOT_HERE", &[], text);
        } else {
            self.lines().numeric(481, &[], "Only server operators may");
        }
    }

    fn modes(&mut self, is_question: bool, answer: &Answer) {
        let Answer::Modes {
            before,
            now,
            is_server_operator,
            persona,
        } = answer
        else {
            return;
        };
        self.session.persona = Some(std::sync::Arc::clone(persona));
        if is_question {
            let operator = if *is_server_operator { "o" } else { "" };
            let modes = format!("+{operator}{}", letters(*now));
            return self.lines().bare_numeric(221, &[&modes]);
        }
        let (on, off) = (now.without(*before), before.without(*now));
        let signs = [("+", on), ("-", off)];
        let changed = signs.into_iter().filter(|(_, modes)| !modes.is_empty());
        let changed: String = changed
            .map(|(sign, modes)| format!("{sign}{}", letters(modes)))
            .collect();
        if !changed.is_empty() {
            self.mode_changed(&changed);
        }
    }

    fn mode_changed(&mut self, changed: &str) {
        let nick = self.session.nick.clone();
        let persona = self.session.persona.clone();
        let source = Source {
            nick: &nick,
            persona: persona.as_deref(),
        };
        self.lines.push(b':');
        source.write(self.facts, &mut self.lines);
        self.lines.extend_from_slice(b" MODE");
        push_params(&[&nick, changed], &mut self.lines);
        self.lines.extend_from_slice(b"\r\n");
    }

    fn is_operator(&mut self) {
        let text = "You are now a server operator";
        self.lines().numeric(381, &[], text);
        self.mode_changed("+o");
    }

    fn watched(&mut self, watched: &Watched) {
        let facts = self.facts;
        let online = watched.online.iter().map(|(nick, persona)| {
            let source = Source {
                nick: nick.as_str(),
                persona: Some(persona),
            };
            source.text(facts).to_string()
        });
        for line in in_lines(online, ',') {
            self.lines().numeric(730, &[], &line);
        }
        let offline = watched.offline.iter().map(Nick::to_string);
        for line in in_lines(offline, ',') {
            self.lines().numeric(731, &[], &line);
        }
        let left_off = watched.left_off.iter().map(Nick::to_string);
        for line in in_lines(left_off, ',') {
            let most = WATCHED_MAX.to_string();
            self.lines()
                .numeric(734, &[&most, &line], "Monitor list is full");
        }
    }

    fn watching(&mut self, nicks: &[Nick]) {
        for line in in_lines(nicks.iter().map(Nick::to_string), ',') {
            self.lines().numeric(732, &[], &line);
        }
        self.lines().numeric(733, &[], "End of MONITOR list");
    }
}

/// `H` or `G`, `*`, `B`, and what the user is in the room.
fn flags(card: &UserCard, prefix: &str) -> String {
    let mut flags = String::from(if card.away.is_some() { "G" } else { "H" });
    if card.is_server_operator {
        flags.push('*');
    }
    if card.modes.has(UserMode::Bot) {
        flags.push('B');
    }
    flags.push_str(prefix);
    flags
}

fn letters(modes: UserModes) -> String {
    modes.iter().map(letter).collect()
}

/// Words in as many lines as they take.
fn in_lines(words: impl Iterator<Item = String>, between: char) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < LIST_BYTES_MAX => {
                line.push(between);
                line.push_str(&word);
            }
            Some(_) | None => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_into_lines_that_fit() {
        let word = "x".repeat(100);
        let lines = in_lines((0..7).map(|_| word.clone()), ',');
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= LIST_BYTES_MAX));
        assert_eq!(in_lines(std::iter::empty(), ','), Vec::<String>::new());
    }
}
