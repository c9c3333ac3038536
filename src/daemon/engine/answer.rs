//! Answering the questions that other tasks ask the engine: an operator's commands, a new config,
//! and looks at what there is. Never on the path of a message.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::spawn_local;

use super::core::{Core, bounds_of, facts_of};
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
            Question::Sessions(answer) => {
                self.session_rows(answer);
                Some(())
            }
            Question::Rooms(answer) => answer.send(self.hub.rooms()).ok(),
            Question::Trace(nick, answer) => answer.send(self.hub.trace(&nick)).ok(),
            Question::Stats(answer) => {
                self.stats(answer);
                Some(())
            }
            Question::Heartbeat(answer) => answer.send(()).ok(),
            Question::Admin(command, answer) => {
                match self.administer(command) {
                    Ok(Administered::Later(ticket)) => {
                        self.administered_later.insert(ticket, answer);
                    }
                    result => self.answer_operator(result, answer),
                }
                Some(())
            }
            Question::Reconfigure(config, answer) => {
                self.reconfigure(config);
                answer.send(()).ok()
            }
        };
    }

    fn administer(&mut self, command: AdminCommand) -> Result<Administered, Refusal> {
        if command == AdminCommand::Shutdown {
            self.is_stopping = true;
            self.settle();
        }
        let now = self.now();
        self.input(now, Input::Admin(command));
        self.administered
            .take()
            .expect("the hub answers each admin command exactly once")
    }

    fn reconfigure(&mut self, config: Arc<Config>) {
        self.facts = facts_of(&config, self.facts.started_at);
        self.utc_offset_minute = 0; // the new facts know neither the time nor the zone
        let now = self.now();
        self.input(now, Input::Settings(config.limits.hub.clone()));
        self.shards.set_bounds(bounds_of(&config));
        self.history.reconfigure(&config.history);
        self.accounts.reconfigure(&config.accounts);
        self.config = config;
        self.keep_pace();
    }

    /// Those who are paced already keep the pace that is configured now.
    fn keep_pace(&mut self) {
        let pause = self.config.limits.old_client_pace;
        for (_, connection) in &self.connections {
            let dialect = connection.dialect;
            if dialect.is_some_and(protocol::Dialect::is_paced) {
                self.shards.pace(connection.session.slot, pause);
            }
        }
    }

    /// Answers once the shards have said how much waits for whom.
    fn session_rows(&mut self, answer: oneshot::Sender<Vec<SessionRow>>) {
        let uptime = self.now().uptime;
        let views = self.hub.sessions();
        let rows = views.into_iter().filter_map(|view| {
            let connection = self.connections.get(view.session.slot as usize)?;
            Some(SessionRow {
                address: connection.peer.to_string(),
                dialect: connection.dialect.map(protocol::Dialect::name),
                queued_bytes: 0,
                idle: uptime.saturating_sub(view.last_heard),
                view,
            })
        });
        let mut rows: Vec<SessionRow> = rows.collect();
        let queues = self.shards.queues();
        spawn_local(async move {
            let queued: HashMap<u32, usize> = queues.gather().await.into_iter().collect();
            for row in &mut rows {
                row.queued_bytes = queued.get(&row.view.session.slot).copied().unwrap_or(0);
            }
            answer.send(rows).ok();
        });
    }

    /// Answers as [`Self::session_rows`] does.
    fn stats(&mut self, answer: oneshot::Sender<EngineStats>) {
        let mut stats = EngineStats {
            counters: self.counters.clone(),
            written: self.shards.tally(),
            open: self.connections.len() as u64,
            queued_bytes: 0,
        };
        let queues = self.shards.queues();
        spawn_local(async move {
            let queued = queues.gather().await.into_iter();
            stats.queued_bytes = queued.map(|(_, bytes)| bytes as u64).sum();
            answer.send(stats).ok();
        });
    }
}
