//! The threads that answer questions, each with its own connections, so that a slow search holds up neither
//! the writer nor another question.

use std::sync::Arc;

use rusqlite::Connection;

use crate::hub::history::{Answer, Page, Question, Trouble};

use super::connection;
use super::conversations::conversations;
use super::deadline::Deadline;
use super::error::trouble;
use super::missed::missed;
use super::news::News;
use super::page::{message, page};
use super::questions::Asked;
use super::search::Finder;
use super::shared::Shared;
use super::unread::{Asker, mark, unread};

/// Runs until there are no more questions. Only one that `searches` takes searches.
pub(super) fn run(shared: &Arc<Shared>, searches: bool) {
    let mut reader = Reader {
        deadline: Deadline::never(),
        history: None,
        finder: Finder::default(),
    };
    while let Some(asked) = shared.questions.take(searches) {
        let answer = reader.answer(&asked, shared).unwrap_or_else(|error| {
            // Whatever it was, a new connection may do better.
            let why = trouble(&error);
            if why != Trouble::TimedOut {
                reader.history = None;
            }
            Answer::Failed(why)
        });
        let ticket = asked.ticket;
        if shared.questions.is_wanted(ticket) {
            shared.news.leave([News::Answered { ticket, answer }]);
        }
    }
}

struct Reader {
    deadline: Deadline,
    history: Option<Connection>,
    finder: Finder,
}

impl Reader {
    fn answer(&mut self, asked: &Asked, shared: &Shared) -> rusqlite::Result<Answer> {
        self.deadline.set(asked.deadline);
        if self.deadline.has_passed() {
            return Ok(Answer::Failed(Trouble::TimedOut));
        }
        let history = match self.history.take() {
            Some(history) => history,
            None => {
                let mut history = connection::reader(&shared.files.database)?;
                self.deadline.bind(&mut history)?;
                history
            }
        };
        let history = self.history.insert(history);
        // All that one answer says is of one moment. A transaction that only read ends with its guard.
        let moment = history.transaction()?;
        match &asked.question {
            Question::Page {
                asker,
                of,
                range,
                limit,
                with_asides,
            } => page(&moment, *asker, of, *range, *limit, *with_asides).map(Answer::Page),
            Question::Conversations {
                asker,
                rooms,
                after,
                before,
                limit,
            } => conversations(&moment, *asker, rooms, (*after, *before), *limit)
                .map(Answer::Conversations),
            Question::Mark { asker, of } => mark(&moment, *asker, of).map(Answer::Mark),
            Question::Search {
                asker,
                query,
                hidden,
                limit,
            } => {
                // What it has is not all that there is, and nobody could tell what is missing.
                if shared.progress.is_failing() {
                    return Ok(Answer::Failed(Trouble::Unindexed));
                }
                let index = (&*shared.files.search, &shared.progress);
                let what = (*asker, query, &**hidden);
                let deadline = &self.deadline;
                let found = self.finder.find(index, deadline, &moment, what, *limit);
                found.map(Answer::Page)
            }
            Question::Message { id } => message(&moment, *id).map(Answer::Message),
            Question::Missed {
                asker,
                rooms,
                since,
                upto,
                limit,
            } if upto > since => {
                missed(&moment, *asker, rooms, (*since, *upto), *limit).map(Answer::Page)
            }
            Question::Missed { .. } => Ok(Answer::Page(Page::default())),
            Question::Unread {
                asker,
                ignored,
                rooms,
            } => {
                let asker = Asker::new(*asker, ignored);
                unread(&moment, &asker, rooms).map(Answer::Unread)
            }
        }
    }
}
