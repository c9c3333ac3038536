//! A user without a terminal that can be edited on: a pipe, a file, `TERM=dumb`. Lines come from
//! stdin, events go to stdout as text, JSON or columns, remarks to stderr.

use std::io::{self, BufRead, Read};
use std::thread;

use anyhow::Result;
use tokio::sync::mpsc;

use super::look::Look;
use super::page::Page;
use super::told;
use super::view::View;
use crate::ctl::chat::event;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::wire::chat::ServerMessage;

/// Lines read ahead of the server's answers.
const LINES_AHEAD: usize = 16;

/// Longest line read from stdin, in bytes.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// What came from the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Line(String),
    /// This could not be taken for a line, and why.
    Unfit(String),
    /// PgUp; the line that is being typed stays.
    PageUp,
    /// Ctrl-C.
    Interrupted,
    /// The end of the input.
    End,
}

/// stdin, read in a thread of its own: a read of stdin cannot be given up.
#[derive(Debug)]
pub struct Lines {
    typed: mpsc::Receiver<Typed>,
    output: Output,
}

impl Lines {
    /// Begins to read.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn open(output: Output) -> io::Result<Self> {
        let (line, typed) = mpsc::channel(LINES_AHEAD);
        thread::Builder::new()
            .name("stdin".into())
            .spawn(move || read(&line))?;
        Ok(Self { typed, output })
    }

    /// The next line. Cancel safe.
    pub async fn next(&mut self) -> Typed {
        self.typed.recv().await.unwrap_or(Typed::End)
    }

    /// Writes an event or a list.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn show(&self, message: &ServerMessage) -> Result<()> {
        match self.output {
            Output::Table => match View::new(Look::of_stdout(), None).lines(message) {
                Some(lines) => render::write(&lines),
                None => Ok(()),
            },
            Output::Tsv => render::write(&tsv(message)),
            Output::Json | Output::Jsonl => render::write(&render::json_line(message)?),
        }
    }

    /// Writes what was said earlier.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn page(&self, answer: &ServerMessage, page: &Page) -> Result<()> {
        match self.output {
            Output::Table => render::write(&View::new(Look::of_stdout(), None).page(page)),
            Output::Tsv => {
                let said = page
                    .messages
                    .iter()
                    .map(|kept| tsv(&event::of_kept(kept, kept.text.clone().unwrap_or_default())));
                let changed = page.changes.iter().map(tsv);
                render::write(&said.chain(changed).collect::<String>())
            }
            Output::Json | Output::Jsonl => render::write(&render::json_line(answer)?),
        }
    }

    /// Writes what only programs want to know.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn data(&self, message: &ServerMessage) -> Result<()> {
        match self.output {
            Output::Table | Output::Tsv => Ok(()),
            Output::Json | Output::Jsonl => self.show(message),
        }
    }

    /// Tells something on stderr.
    pub fn remark(&self, text: &str) {
        remark(text);
    }
}

fn read(lines: &mpsc::Sender<Typed>) {
    let mut stdin = io::stdin().lock();
    loop {
        let typed = read_line(&mut stdin).unwrap_or_else(|error| {
            let why = format!("the input cannot be read: {error}");
            // The receiver may be gone; then nobody wants the end either.
            let _ = lines.blocking_send(Typed::Unfit(why));
            Typed::End
        });
        let is_last = typed == Typed::End;
        if lines.blocking_send(typed).is_err() || is_last {
            return;
        }
    }
}

/// A text that would arrive other than it was written is not taken at all.
fn read_line(input: &mut impl BufRead) -> io::Result<Typed> {
    let mut bytes = Vec::new();
    let bound = LINE_BYTES_MAX as u64 + 1;
    if input.by_ref().take(bound).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(Typed::End);
    }
    if bytes.len() > LINE_BYTES_MAX && bytes.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        let why = format!("a line is longer than {LINE_BYTES_MAX} bytes; it was not sent");
        return Ok(Typed::Unfit(why));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(line) => Typed::Line(line.trim_end().to_owned()),
        Err(_) => Typed::Unfit("a line is not UTF-8; it was not sent".to_owned()),
    })
}

/// Time, type, room or addressee, who, text: what an event does not have is left empty.
#[must_use]
pub fn tsv(message: &ServerMessage) -> String {
    let (time, kind, place, who, text) = match message {
        ServerMessage::Message {
            time,
            room,
            from,
            text,
            ..
        } => (time, "message", room.as_str(), from.as_str(), text.as_str()),
        ServerMessage::Private {
            time,
            from,
            to,
            text,
            ..
        } => (time, "private", to.as_str(), from.as_str(), text.as_str()),
        ServerMessage::Edited {
            time,
            room,
            from,
            to,
            text,
            ..
        } => {
            let place = room.as_deref().or(to.as_deref()).unwrap_or_default();
            (time, "edited", place, from.as_str(), text.as_str())
        }
        ServerMessage::Deleted {
            time,
            room,
            from,
            to,
            ..
        } => {
            let place = room.as_deref().or(to.as_deref()).unwrap_or_default();
            (time, "deleted", place, from.as_str(), "")
        }
        ServerMessage::Reaction {
            time,
            room,
            from,
            to,
            reaction,
            off,
            ..
        } => {
            let place = room.as_deref().or(to.as_deref()).unwrap_or_default();
            let kind = if *off { "unreaction" } else { "reaction" };
            (time, kind, place, from.as_str(), reaction.as_str())
        }
        ServerMessage::Join {
            time, room, nick, ..
        } => (time, "join", room.as_str(), nick.as_str(), ""),
        ServerMessage::Part {
            time,
            room,
            nick,
            reason,
            ..
        } => {
            let reason = reason.as_deref().unwrap_or_default();
            (time, "part", room.as_str(), nick.as_str(), reason)
        }
        ServerMessage::Quit {
            time, nick, reason, ..
        } => (time, "quit", "", nick.as_str(), reason.as_str()),
        ServerMessage::Nick { time, old, new, .. } => {
            (time, "nick", "", old.as_str(), new.as_str())
        }
        ServerMessage::Topic {
            time,
            room,
            by,
            text,
            ..
        } => {
            let by = by.as_deref().unwrap_or_default();
            (time, "topic", room.as_str(), by, text.as_str())
        }
        ServerMessage::Away {
            time, nick, text, ..
        } => (
            time,
            "away",
            "",
            nick.as_str(),
            text.as_deref().unwrap_or_default(),
        ),
        ServerMessage::Notice {
            time, room, text, ..
        } => (
            time,
            "notice",
            room.as_deref().unwrap_or_default(),
            "",
            text.as_str(),
        ),
        _ => {
            if let Some(columns) = told::columns(message) {
                return render::tsv_line(columns);
            }
            // Lists have no columns of this form.
            return View::new(Look::PLAIN, None)
                .lines(message)
                .unwrap_or_default();
        }
    };
    render::tsv_line([time.as_str(), kind, place, who, text])
}
