//! What follows from what was typed and from what happens on the link: the conversation is told, and
//! what it wants is done. The loop in `run` waits; nothing here does.

use anyhow::Result;
use tokio::time::Instant;

use super::input::{self, Input};
use super::lines::Typed;
use super::run::{Chat, PROMPT_PATIENCE, REFUSAL_PATIENCE};
use super::talk::Effect;
use crate::ctl::chat::backoff::trying_again;
use crate::ctl::chat::keys::{self, KeptKey};
use crate::ctl::chat::link::Happening;
use crate::ctl::chat::login::exit_of_loss;
use crate::ctl::exit::{Exit, Failure};

impl Chat {
    pub(super) fn typed(&mut self, typed: Typed) -> Result<()> {
        self.progress_at = Instant::now();
        let line = match typed {
            Typed::Line(line) => line,
            Typed::Unfit(why) => {
                self.fault(Exit::Failed, &why);
                return Ok(());
            }
            Typed::PageUp => {
                let older = Input::History {
                    of: None,
                    count: None,
                };
                let effects = self.talk.typed(older);
                return self.carry_out(effects);
            }
            Typed::End => {
                self.leaving = Some(None);
                return Ok(());
            }
            Typed::Interrupted => {
                self.is_interrupted = true;
                return Ok(());
            }
        };
        let input = input::parse(&line);
        let patience = match &input {
            Ok(Input::Say(_) | Input::Act(_) | Input::Private { .. }) => REFUSAL_PATIENCE,
            _ => PROMPT_PATIENCE,
        };
        self.prompt_due = Some(Instant::now() + patience);
        match input {
            Err(why) => self.fault(Exit::Failed, &why),
            Ok(Input::Quit(reason)) => self.leaving = Some(reason),
            Ok(Input::Nothing) => {}
            Ok(Input::Edit { msgid: None, .. } | Input::Delete { msgid: None })
                if self.talk.is_saying() =>
            {
                if self.user.is_terminal() {
                    self.user
                        .remark("what you said last is not acknowledged yet; try that again");
                    self.unsent = line;
                } else {
                    self.postponed = Some(line);
                }
            }
            // These make sense without a connection, too.
            Ok(input @ (Input::Help | Input::Nick(_))) => {
                let effects = self.talk.typed(input);
                self.carry_out(effects)?;
            }
            Ok(_) if !self.link.is_up() && self.user.is_terminal() => {
                self.user
                    .remark("not connected: this was not sent, it is back in your prompt");
                self.unsent = line;
            }
            Ok(input) => {
                let effects = self.talk.typed(input);
                self.carry_out(effects)?;
            }
        }
        Ok(())
    }

    pub(super) fn happened(&mut self, happening: Happening) -> Result<()> {
        match happening {
            Happening::Heard(message) => {
                let effects = self.talk.heard(message, Instant::now());
                self.carry_out(effects)?;
            }
            Happening::Lost { why, retry_in } => {
                self.away_since = Some(Instant::now());
                self.user.remark(&trying_again(&why.to_string(), retry_in));
                let effects = self.talk.lost(Instant::now());
                self.carry_out(effects)?;
            }
            Happening::StillAway { why, retry_in } => {
                self.user.remark(&trying_again(&why, retry_in));
            }
            Happening::Back(welcome) => {
                self.away_since = None;
                self.user
                    .remark(&format!("connected again to {}", welcome.server));
                self.key.clone_from(&welcome.key);
                self.keep_key(&welcome.nick);
                keys::keep_identity(&self.server, &welcome);
                let effects = self.talk.back(&welcome, Instant::now());
                self.carry_out(effects)?;
            }
            Happening::Refused { text } => {
                self.talk.refused();
                if !self.user.is_terminal() {
                    return Err(Failure::new(Exit::Failed, text).into());
                }
                self.user
                    .remark(&format!("{text}; /nick NAME comes back under another name"));
            }
            Happening::Ended(why) => {
                return Err(Failure::new(exit_of_loss(&why), why.to_string()).into());
            }
        }
        Ok(())
    }

    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) -> Result<()> {
        for effect in effects {
            match effect {
                Effect::Show(message) => self.user.show(&self.talk, &message)?,
                Effect::Data(message) => self.user.data(&message)?,
                Effect::Page { answer, page } => self.user.page(&self.talk, &answer, &page)?,
                // In a pipe, what went well is not worth a word.
                Effect::Remark(text) if self.user.is_terminal() => self.user.remark(&text),
                Effect::Remark(_) => {}
                Effect::Answer(text) => self.user.remark(&text),
                Effect::Fault { exit, text } => self.fault(exit, &text),
                // Too late for a prompt that stands; the arrow keys still reach the line.
                Effect::Unsent(_) if self.prompt_due.is_none() => {}
                Effect::Unsent(line) => self.unsent = line,
                // Nobody looks on who could see where the next line goes.
                Effect::NotEntered if !self.user.is_terminal() => self.talk.turn_away(),
                Effect::NotEntered => {}
                Effect::RetryAs(nick) => {
                    let key = keys::find(&self.server, &nick);
                    self.link.retry_as(&nick, key);
                }
                Effect::Renamed(nick) => {
                    self.link.set_nick(&nick);
                    self.keep_key(&nick);
                }
            }
        }
        self.user.learn(&self.talk);
        Ok(())
    }

    fn keep_key(&mut self, nick: &str) {
        // First away with the old one: dropped later it would take the same file with it.
        self.kept_key = None;
        self.kept_key = KeptKey::keep(&self.server, nick, &self.key);
    }

    fn fault(&mut self, exit: Exit, text: &str) {
        self.user.remark(text);
        // On a terminal the user has seen it and gone on: leaving is a success all the same.
        if self.worst == Exit::Ok && !self.user.is_terminal() {
            self.worst = exit;
        }
    }
}
