//! What people read: one server message becomes lines of text. Pure, and the place where others'
//! words are made harmless. Every line begins with a time, further lines of a message are indented,
//! so no text can look like a line of somebody else.

use unicode_width::UnicodeWidthStr;

use super::look::{Look, wrap};
use super::told;
use crate::ctl::{clock, sanitize};
use crate::wire::chat::{Kind, Room, ServerMessage};

/// In front of every further line of one message.
const INDENT: &str = "      ";

/// Who looks, and from where.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub look: Look,
    /// Messages of this room do not name it. `None` names every room.
    pub current: Option<&'a str>,
    /// Columns taken up, and given back, by the caller for the local time; a fixed text in tests.
    pub time: fn(&str) -> String,
    /// The local day of a time; a fixed text in tests.
    pub day: fn(&str) -> String,
}

impl<'a> View<'a> {
    /// A view in local time.
    #[must_use]
    pub fn new(look: Look, current: Option<&'a str>) -> Self {
        Self {
            look,
            current,
            time: clock::local_minutes,
            day: clock::local_day,
        }
    }

    /// The lines for an event, or for an answer that lists something, each ended by a line feed.
    /// `None` for what is not shown.
    #[must_use]
    pub fn lines(&self, message: &ServerMessage) -> Option<String> {
        self.said(message)
            .or_else(|| self.happened(message))
            .or_else(|| self.listed(message))
    }

    /// A remark of chatctl's own.
    #[must_use]
    pub fn remark(&self, text: &str) -> String {
        let time = clock::local_minutes_now();
        self.block(&time, "", "** ", text, false)
    }

    /// The local day that it is now.
    #[must_use]
    pub fn today(&self) -> String {
        (self.day)(&clock::now_rfc3339())
    }

    /// A line that parts others; it begins as no line of a message does.
    #[must_use]
    pub fn rule(&self, text: &str) -> String {
        let rule = format!("── {} ──", harmless(text));
        format!("{}\n", self.look.faint(&rule))
    }

    fn said(&self, message: &ServerMessage) -> Option<String> {
        Some(match message {
            ServerMessage::Message {
                time,
                room,
                from,
                kind,
                text,
                ..
            } => self.block(
                time_of(self, time),
                self.room(room),
                &self.speaker(from, *kind),
                text,
                false,
            ),
            ServerMessage::Private {
                time,
                from,
                to,
                kind,
                text,
                ..
            } => {
                let mark = match kind {
                    Kind::Text | Kind::Notice => "",
                    Kind::Action => "* ",
                };
                let pair = format!("[{} > {}] {mark}", self.nick(from), self.nick(to));
                self.block(time_of(self, time), "", &pair, text, false)
            }
            ServerMessage::Notice {
                time, room, text, ..
            } => {
                let room = room
                    .as_deref()
                    .map(|room| self.room(room))
                    .unwrap_or_default();
                self.block(
                    time_of(self, time),
                    room,
                    &self.look.strong("== "),
                    text,
                    false,
                )
            }
            _ => return None,
        })
    }

    fn happened(&self, message: &ServerMessage) -> Option<String> {
        let (time, room, text) = match message {
            ServerMessage::Join {
                time, room, nick, ..
            } => (time, Some(room), format!("{} has joined", harmless(nick))),
            ServerMessage::Part {
                time,
                room,
                nick,
                reason,
                ..
            } => {
                let text = format!("{} has left{}", harmless(nick), because(reason.as_deref()));
                (time, Some(room), text)
            }
            ServerMessage::Quit {
                time, nick, reason, ..
            } => {
                let text = format!("{} is gone{}", harmless(nick), because(Some(reason)));
                (time, None, text)
            }
            ServerMessage::Nick { time, old, new, .. } => {
                let text = format!("{} is now {}", harmless(old), harmless(new));
                (time, None, text)
            }
            ServerMessage::Topic {
                time,
                room,
                by,
                text,
                ..
            } => (time, Some(room), topic_change(by.as_deref(), text)),
            ServerMessage::Away {
                time, nick, text, ..
            } => {
                let text = match text {
                    Some(text) => format!("{} is away: {}", harmless(nick), harmless(text)),
                    None => format!("{} is back", harmless(nick)),
                };
                (time, None, text)
            }
            _ => told::change(message)
                .or_else(|| told::event(message, |at| self.day_and_time(at)))?,
        };
        let room = room.map(|room| self.room(room)).unwrap_or_default();
        Some(self.block(time_of(self, time), room, "-- ", &text, true))
    }

    fn listed(&self, message: &ServerMessage) -> Option<String> {
        let text = match message {
            ServerMessage::Users { nicks, .. } => format!("here: {}", names(nicks)),
            ServerMessage::Names {
                room, nicks, topic, ..
            } => {
                let topic = topic
                    .as_deref()
                    .map(|topic| format!(" ({})", harmless(topic)));
                let topic = topic.unwrap_or_default();
                format!("{}{topic}: {}", harmless(room), names(nicks))
            }
            ServerMessage::Ignores { nicks, .. } if nicks.is_empty() => {
                "you ignore nobody".to_owned()
            }
            ServerMessage::Ignores { nicks, .. } => format!("you ignore {}", names(nicks)),
            ServerMessage::Rooms { rooms, .. } => {
                let rows: Vec<_> = rooms.iter().map(room_row).collect();
                rows.join("\n")
            }
            ServerMessage::Whois {
                nick,
                account,
                rooms,
                away,
                sessions,
                since,
                ..
            } => {
                let account = account
                    .as_deref()
                    .map(|account| format!(" (account {})", harmless(account)));
                let away = away
                    .as_deref()
                    .map(|away| format!(", away: {}", harmless(away)));
                format!(
                    "{}{}: in {}; since {}, {sessions} {}{}",
                    harmless(nick),
                    account.unwrap_or_default(),
                    if rooms.is_empty() {
                        "no room".to_owned()
                    } else {
                        names(rooms)
                    },
                    (self.time)(since),
                    if *sessions == 1 {
                        "connection"
                    } else {
                        "connections"
                    },
                    away.unwrap_or_default(),
                )
            }
            _ => told::list(message, |at| self.day_and_time(at))?,
        };
        let text = text + &left_off(message);
        Some(self.block(clock::local_minutes_now().as_str(), "", "** ", &text, false))
    }

    fn day_and_time(&self, time: &str) -> String {
        format!("{} {}", (self.day)(time), (self.time)(time))
    }

    /// The room and a space, where the line must say it.
    fn room(&self, room: &str) -> String {
        if self.current == Some(room) {
            String::new()
        } else {
            format!("{} ", harmless(room))
        }
    }

    fn nick(&self, nick: &str) -> String {
        self.look.nick(&harmless(nick))
    }

    fn speaker(&self, nick: &str, kind: Kind) -> String {
        let nick = self.nick(nick);
        match kind {
            Kind::Text => format!("<{nick}> "),
            Kind::Action => format!("* {nick} "),
            Kind::Notice => format!("-{nick}- "),
        }
    }

    /// A time, a head and a text, wrapped to the screen.
    fn block(
        &self,
        time: impl AsRef<str>,
        room: impl AsRef<str>,
        head: &str,
        text: &str,
        faint: bool,
    ) -> String {
        let (time, room) = (time.as_ref(), room.as_ref());
        let first = format!("{} {room}{head}", self.look.faint(time));
        let first_width = visible_width(&first);
        let mut block = String::new();
        for (index, line) in sanitize::lines(text).enumerate() {
            let taken = if index == 0 {
                first_width
            } else {
                INDENT.len()
            };
            let pieces = match self.look.columns {
                // A screen too narrow to indent on is wrapped by the terminal.
                Some(columns) if columns > 20 => wrap(
                    &line,
                    columns.saturating_sub(taken + 1).max(10),
                    columns - INDENT.len() - 1,
                ),
                Some(_) | None => vec![line.into_owned()],
            };
            for (at, piece) in pieces.iter().enumerate() {
                let front = if index + at == 0 { &first } else { INDENT };
                let piece = if faint {
                    self.look.faint(piece)
                } else {
                    piece.clone()
                };
                block.push_str(front);
                block.push_str(&piece);
                block.push('\n');
            }
        }
        block
    }
}

fn time_of(view: &View<'_>, time: &str) -> String {
    (view.time)(time)
}

pub(super) fn harmless(text: &str) -> String {
    sanitize::line(text).into_owned()
}

fn names(nicks: &[String]) -> String {
    let all: Vec<_> = nicks.iter().map(|nick| sanitize::line(nick)).collect();
    all.join(", ")
}

pub(super) fn because(reason: Option<&str>) -> String {
    reason
        .filter(|reason| !reason.is_empty())
        .map(|reason| format!(" ({})", harmless(reason)))
        .unwrap_or_default()
}

fn topic_change(by: Option<&str>, text: &str) -> String {
    let by = by.map_or_else(|| "an operator".to_owned(), harmless);
    if text.is_empty() {
        format!("{by} took the topic away")
    } else {
        format!("{by} set the topic: {}", harmless(text))
    }
}

/// Says how many entries a list does not have because it would be too long.
fn left_off(message: &ServerMessage) -> String {
    match message {
        ServerMessage::Users { left_off, .. }
        | ServerMessage::Names { left_off, .. }
        | ServerMessage::Ignores { left_off, .. }
        | ServerMessage::Rules { left_off, .. }
        | ServerMessage::Rooms { left_off, .. }
            if *left_off > 0 =>
        {
            format!(" … and {left_off} more")
        }
        _ => String::new(),
    }
}

fn room_row(room: &Room) -> String {
    let topic = room
        .topic
        .as_deref()
        .map(|topic| format!("  {}", harmless(topic)));
    format!(
        "{} ({}){}",
        harmless(&room.room),
        room.members,
        topic.unwrap_or_default()
    )
}

/// Columns of a text in which the only escape sequences are our own colours.
fn visible_width(text: &str) -> usize {
    let mut width = 0;
    let mut rest = text;
    while let Some(start) = rest.find("\x1b[") {
        width += rest[..start].width();
        let end = rest[start..]
            .find('m')
            .map_or(rest.len(), |at| start + at + 1);
        rest = &rest[end..];
    }
    width + rest.width()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::chat::Re;

    fn view(current: Option<&str>, columns: Option<usize>) -> View<'_> {
        View {
            look: Look {
                colours: false,
                columns,
            },
            current,
            time: |_| "12:31".to_owned(),
            day: |_| "today".to_owned(),
        }
    }

    fn message(room: &str, kind: Kind, text: &str) -> ServerMessage {
        ServerMessage::Message {
            msgid: "m1".into(),
            time: "2026-11-23T12:31:00Z".into(),
            room: room.into(),
            from: "ben".into(),
            kind,
            text: text.into(),
        }
    }

    fn shown(view: &View<'_>, message: &ServerMessage) -> String {
        view.lines(message).expect("a line")
    }

    #[test]
    fn messages_name_their_room_only_where_it_is_not_the_current_one() {
        let here = view(Some("#lobby"), None);
        let said = |room, kind| shown(&here, &message(room, kind, "hi"));
        assert_eq!(said("#lobby", Kind::Text), "12:31 <ben> hi\n");
        assert_eq!(said("#dev", Kind::Text), "12:31 #dev <ben> hi\n");
        assert_eq!(said("#lobby", Kind::Action), "12:31 * ben hi\n");
        assert_eq!(said("#lobby", Kind::Notice), "12:31 -ben- hi\n");
    }

    #[test]
    fn further_lines_are_indented_so_that_none_can_be_forged() {
        let text = "one\n12:31 <ana> I quit\r\n\ttwo";
        assert_eq!(
            shown(
                &view(Some("#lobby"), None),
                &message("#lobby", Kind::Text, text)
            ),
            "12:31 <ben> one\n      12:31 <ana> I quit\n          two\n"
        );
    }

    #[test]
    fn long_lines_are_wrapped_to_the_screen() {
        let wrapped = shown(
            &view(Some("#lobby"), Some(30)),
            &message("#lobby", Kind::Text, "a few words that do not fit"),
        );
        assert_eq!(wrapped, "12:31 <ben> a few words that\n      do not fit\n");
        let spaces = format!("{}12:31 <ana> forged", " ".repeat(18));
        let wrapped = shown(
            &view(Some("#lobby"), Some(30)),
            &message("#lobby", Kind::Text, &spaces),
        );
        assert!(
            wrapped.lines().skip(1).all(|line| line.starts_with(INDENT)),
            "{wrapped:?}"
        );
    }

    #[test]
    fn answers_and_events_read_as_sentences() {
        let view = view(Some("#lobby"), None);
        let topic = ServerMessage::Topic {
            msgid: "m2".into(),
            time: String::new(),
            room: "#lobby".into(),
            by: None,
            text: String::new(),
        };
        assert_eq!(
            shown(&view, &topic),
            "12:31 -- an operator took the topic away\n"
        );
        let whois = ServerMessage::Whois {
            re: Re::default(),
            nick: "ben".into(),
            account: Some("benno".into()),
            rooms: vec!["#lobby".into()],
            away: Some("lunch".into()),
            sessions: 1,
            since: String::new(),
        };
        let whois = shown(&view, &whois);
        assert!(
            whois.ends_with(
                "** ben (account benno): in #lobby; since 12:31, 1 connection, away: lunch\n"
            ),
            "{whois}"
        );
        assert_eq!(view.lines(&ServerMessage::Ping), None);
    }
}
