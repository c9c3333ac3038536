//! Answering the questions that other tasks ask the engine: an operator's commands, a new config,
//! and looks at what there is. Never on the path of a message.

use std::sync::Arc;

use super::core::{Core, facts_of};
use super::handle::{EngineStats, Question, SessionRow};
use crate::config::Config;
use crate::daemon::protocol;
use crate::hub::input::{AdminCommand, Input};
use crate::hub::output::Administered;
use crate::hub::refusal::Refusal;

impl Core {
    /// Answers one question.
    pub(super) fn answer(&mut self, question: Question) {
        // A questioner who has gone away meanwhile is no matter: hence the `ok()`.
        match question {
            Question::Counts(answer) => answer.send(self.hub.counts()).ok(),
            Question::Sessions(answer) => answer.send(self.session_rows()).ok(),
            Question::Rooms(answer) => answer.send(self.hub.rooms()).ok(),
            Question::Stats(answer) => answer.send(self.stats()).ok(),
            Question::Heartbeat(answer) => answer.send(()).ok(),
            Question::Admin(command, answer) => answer.send(self.administer(command)).ok(),
            Question::Reconfigure(config, answer) => {
                self.reconfigure(config);
                answer.send(()).ok()
            }
        };
    }

    fn administer(&mut self, command: AdminCommand) -> Result<Administered, Refusal> {
        self.is_stopping |= command == AdminCommand::Shutdown;
        let now = self.now();
        self.input(now, Input::Admin(command));
        self.administered
            .take()
            .expect("the hub answers each admin command exactly once")
    }

    fn reconfigure(&mut self, config: Arc<Config>) {
        self.facts = facts_of(&config);
        self.utc_offset_minute = 0; // the new facts know neither the time nor the zone
        let now = self.now();
        self.input(now, Input::Settings(config.limits.hub.clone()));
        self.config = config;
    }

    fn session_rows(&mut self) -> Vec<SessionRow> {
        let uptime = self.now().uptime;
        let views = self.hub.sessions();
        let rows = views.into_iter().filter_map(|view| {
            let connection = self.connections.get(view.session.slot as usize)?;
            Some(SessionRow {
                address: connection.peer.to_string(),
                dialect: connection.protocol.dialect().map(protocol::Dialect::name),
                queued_bytes: connection.outbox.bytes(),
                idle: uptime.saturating_sub(view.last_heard),
                view,
            })
        });
        rows.collect()
    }

    fn stats(&self) -> EngineStats {
        let queued = self.connections.iter().map(|(_, one)| one.outbox.bytes());
        EngineStats {
            counters: self.counters.clone(),
            open: self.connections.len() as u64,
            queued_bytes: queued.sum::<usize>() as u64,
        }
    }
}
