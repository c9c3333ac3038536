//! What the hub has given to be kept of rooms and rules, until it is written. It does not go through the inbox,
//! which may be full: none of it may be lost. Of each room and rule only the last is kept, because a record says
//! all that is so from then on; so what waits is bounded by the rooms and rules that the hub knows and the few
//! that it admits while nothing is written, however long the disk fails.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::hub::moderation::room::CharterRecord;
use crate::hub::moderation::rule::{Rule, RuleId};
use crate::hub::name::RoomName;
use crate::hub::output::RegistryRecord;

use super::clerk::Clerk;
use super::news::News;

/// From one try to write to the next, while it fails.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// Records that are to be written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// `None`: nothing is set any more.
    pub(super) rooms: BTreeMap<RoomName, Option<CharterRecord>>,
    /// `None`: it has ended.
    pub(super) rules: BTreeMap<RuleId, Option<Rule>>,
    /// As the hub counts them.
    records: usize,
}

/// How it stands with the writing of what the hub gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryStatus {
    /// Records that are not written yet.
    pub unwritten: usize,
    /// Why they cannot be; `None` while they can.
    pub why: Option<String>,
}

/// What waits for the clerk.
#[derive(Debug, Default)]
pub(super) struct Records(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    given: Batch,
    status: RegistryStatus,
}

/// What the clerk has taken and not written yet.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    batch: Batch,
    /// When to try again; `None` while writing works.
    next_try: Option<Instant>,
}

impl Batch {
    fn add(&mut self, record: RegistryRecord) {
        self.records += 1;
        match record {
            RegistryRecord::Charter(charter) => {
                self.rooms.insert(charter.room.clone(), Some(charter));
            }
            RegistryRecord::CharterGone(room) => {
                self.rooms.insert(room, None);
            }
            RegistryRecord::Rule(rule) => {
                self.rules.insert(rule.id, Some(rule));
            }
            RegistryRecord::RuleGone(id) => {
                self.rules.insert(id, None);
            }
            // All of it with one transaction, since it is one record.
            RegistryRecord::Renamed {
                from,
                charter,
                rules,
            } => {
                self.rooms.insert(from, None);
                if let Some(charter) = charter {
                    self.rooms.insert(charter.room.clone(), Some(charter));
                }
                let rules = rules.into_iter().map(|rule| (rule.id, Some(rule)));
                self.rules.extend(rules);
            }
        }
    }

    /// Puts what came later on top.
    fn extend(&mut self, later: Self) {
        self.records += later.records;
        self.rooms.extend(later.rooms);
        self.rules.extend(later.rules);
    }
}

impl Records {
    /// Says whether the clerk has to be woken for it.
    pub(super) fn give(&self, record: RegistryRecord) -> bool {
        let mut waiting = self.lock();
        let is_first = waiting.given.records == 0;
        waiting.given.add(record);
        waiting.status.unwritten += 1;
        is_first
    }

    pub(super) fn status(&self) -> RegistryStatus {
        self.lock().status.clone()
    }

    fn take(&self) -> Batch {
        mem::take(&mut self.lock().given)
    }

    fn written(&self, records: usize) {
        let status = &mut self.lock().status;
        status.unwritten -= records;
        status.why = None;
    }

    fn failed(&self, why: String) {
        self.lock().status.why = Some(why);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clerk {
    /// How long the clerk may wait for a message before it must try again to write.
    pub(super) fn until_next_try(&self) -> Option<Duration> {
        let next = self.unwritten.next_try?;
        Some(next.saturating_duration_since(now()))
    }

    /// Writes what was given, unless that has just failed.
    pub(super) fn write_records(&mut self) {
        let given = self.shared.records.take();
        self.unwritten.batch.extend(given);
        if self.until_next_try().is_none_or(|wait| wait.is_zero()) {
            self.try_to_write_records();
        }
    }

    /// The last try, at the end.
    pub(super) fn write_last_records(&mut self) {
        self.unwritten.next_try = None;
        self.write_records();
    }

    fn try_to_write_records(&mut self) {
        let records = self.unwritten.batch.records;
        if records == 0 {
            return;
        }
        match self.book.keep(&self.unwritten.batch) {
            Ok(()) => {
                self.shared.records.written(records);
                let failed_before = mem::take(&mut self.unwritten).next_try.is_some();
                if failed_before {
                    self.tell(News::KeepingWorks);
                }
                self.tell(News::Kept { records });
            }
            Err(error) => {
                let why = error.to_string();
                self.shared.records.failed(why.clone());
                if self.unwritten.next_try.is_none() {
                    self.tell(News::KeepingFails(why));
                }
                self.unwritten.next_try = Some(now() + RETRY);
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clerk has no turn of the engine that would hand it the time, and a busy inbox no pause"
)]
fn now() -> Instant {
    Instant::now()
}
