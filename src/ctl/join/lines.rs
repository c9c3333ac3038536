//! A user without a terminal that can be edited on: a pipe, a file, `TERM=dumb`. Lines come from
//! stdin, events go to stdout as text, JSON or columns, remarks to stderr.

use std::io::{self, BufRead};
use std::thread;

use anyhow::Result;
use tokio::sync::mpsc;

use super::look::Look;
use super::view::View;
use crate::ctl::render::{self, Output};
use crate::ctl::sanitize;
use crate::wire::chat::ServerMessage;

/// Lines read ahead of the server's answers.
const LINES_AHEAD: usize = 16;

/// What came from the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Line(String),
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
            Output::Table => match View::new(Look::PLAIN, None).lines(message) {
                Some(lines) => render::write(&lines),
                None => Ok(()),
            },
            Output::Tsv => render::write(&tsv(message)),
            Output::Json | Output::Jsonl => render::write(&render::json_line(message)?),
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
        for line in sanitize::lines(text) {
            eprintln!("chatctl: {line}");
        }
    }
}

fn read(lines: &mpsc::Sender<Typed>) {
    let mut stdin = io::stdin().lock();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let typed = match stdin.read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => Typed::End,
            Ok(_) => Typed::Line(String::from_utf8_lossy(&bytes).trim_end().to_owned()),
        };
        let is_last = typed == Typed::End;
        if lines.blocking_send(typed).is_err() || is_last {
            return;
        }
    }
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
        // Lists have no columns of this form.
        _ => {
            return View::new(Look::PLAIN, None)
                .lines(message)
                .unwrap_or_default();
        }
    };
    render::tsv_line([time.as_str(), kind, place, who, text])
}
