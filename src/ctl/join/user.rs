//! The user, whichever way they are reached: by a prompt on a terminal or by plain lines. What is
//! told where is decided here, so that the loop in `run` need not know which it is.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use anyhow::Result;

use super::lines::{Lines, Typed};
use super::look::Look;
use super::page::Page;
use super::screen::Screen;
use super::talk::Talk;
use super::terminal::Terminal;
use super::view::View;
use crate::ctl::render::Output;
use crate::wire::chat::ServerMessage;

/// One of the two ways.
#[derive(Debug)]
pub enum User {
    Terminal(Terminal),
    Lines(Lines),
}

impl User {
    /// A prompt where one can be drawn and the output is for people, else plain lines.
    ///
    /// # Errors
    /// When the terminal cannot be used.
    pub fn open(output: Output) -> Result<Self> {
        let is_dumb = std::env::var("TERM").map_or(true, |term| term.is_empty() || term == "dumb");
        let both = io::stdin().is_terminal() && io::stdout().is_terminal();
        if both && !is_dumb && output == Output::Table {
            Ok(Self::Terminal(Terminal::open()?))
        } else {
            Ok(Self::Lines(Lines::open(output)?))
        }
    }

    /// Whether somebody looks on, who can read, correct and try again.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// What was typed, once it is a whole line. Cancel safe.
    pub async fn next(&mut self) -> Typed {
        match self {
            Self::Terminal(terminal) => terminal.next().await,
            Self::Lines(lines) => lines.next().await,
        }
    }

    /// The screen, when it cannot take more for now.
    #[must_use]
    pub fn full_screen(&self) -> Option<Arc<Screen>> {
        match self {
            Self::Terminal(terminal) if terminal.screen().is_full() => {
                Some(Arc::clone(terminal.screen()))
            }
            Self::Terminal(_) | Self::Lines(_) => None,
        }
    }

    /// Gives the user a prompt that names the room, with this text in it.
    pub fn prompt(&self, talk: &Talk, initial: &str) {
        if let Self::Terminal(terminal) = self {
            let room = talk.current().unwrap_or_default();
            let offline = if talk.is_connected() {
                ""
            } else {
                " (offline)"
            };
            terminal.set_words(talk.words());
            terminal.ask(&format!("{room}{offline}> "), initial);
        }
    }

    /// Takes note of who is there now.
    pub fn learn(&self, talk: &Talk) {
        if let Self::Terminal(terminal) = self {
            terminal.set_words(talk.words());
        }
    }

    /// Shows an event or a list.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn show(&self, talk: &Talk, message: &ServerMessage) -> Result<()> {
        match self {
            Self::Terminal(terminal) => {
                let view = View::new(Look::of_stdout(), talk.current());
                if let Some(lines) = view.lines(message) {
                    terminal.show(&lines);
                }
                Ok(())
            }
            Self::Lines(lines) => lines.show(message),
        }
    }

    /// Shows what was said earlier.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn page(&self, talk: &Talk, answer: &ServerMessage, page: &Page) -> Result<()> {
        match self {
            Self::Terminal(terminal) => {
                let view = View::new(Look::of_stdout(), talk.current());
                terminal.show(&view.page(page));
                Ok(())
            }
            Self::Lines(lines) => lines.page(answer, page),
        }
    }

    /// Gives programs what people are told in other words.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn data(&self, message: &ServerMessage) -> Result<()> {
        match self {
            Self::Terminal(_) => Ok(()),
            Self::Lines(lines) => lines.data(message),
        }
    }

    /// Tells something of chatctl's own.
    pub fn remark(&self, text: &str) {
        match self {
            Self::Terminal(terminal) => {
                let view = View::new(Look::of_stdout(), None);
                terminal.show(&view.remark(text));
            }
            Self::Lines(lines) => lines.remark(text),
        }
    }

    /// Gives the terminal back.
    pub fn close(self) {
        if let Self::Terminal(terminal) = self {
            terminal.close();
        }
    }
}
