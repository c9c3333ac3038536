//! Writing: sealing rooms into outboxes, and outboxes into sockets, slice by slice. Nothing here waits.

use std::mem;

use super::connection::Queued;
use super::core::Core;
use super::outbox::Written;
use crate::hub::id::SessionId;
use crate::hub::input::QuitReason;

impl Core {
    /// Writes to at most `flush_slice` peers of each list; says whether more wait.
    pub(super) fn flush_slice(&mut self) -> bool {
        self.work_is_known = false;
        if self.bulk.is_empty() {
            self.seal_rooms();
            self.begin_turn();
        }
        for _ in 0..self.config.limits.flush_slice {
            let Some(slot) = self.urgent.pop_front() else {
                break;
            };
            self.flush(slot);
        }
        for _ in 0..self.config.limits.flush_slice {
            let Some(slot) = self.bulk.pop_front() else {
                break;
            };
            self.flush(slot);
        }
        self.cut_slow_readers();
        let more = !(self.urgent.is_empty() && self.bulk.is_empty() && self.dirty_rooms.is_empty());
        self.work_is_known = more;
        more
    }

    /// Gives each member of each room that has new lines its share of them.
    pub(super) fn seal_rooms(&mut self) {
        for room_id in mem::take(&mut self.dirty_rooms) {
            let mut room = mem::take(&mut self.rooms[room_id.0 as usize]);
            let deliveries =
                room.seal(|share| self.push_shared(share.slot, share.slice, Queued::Bulk));
            self.counters.deliveries += deliveries;
            self.rooms[room_id.0 as usize] = room;
        }
    }

    /// Lets those read on who had to wait for the flush.
    fn begin_turn(&mut self) {
        self.counters.turns += 1;
        self.turn_bytes = 0;
        for waker in self.held_back.drain(..) {
            waker.wake();
        }
    }

    /// Puts a connection into the list of those to be written to.
    pub(super) fn mark(&mut self, slot: u32, how: Queued) {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        match (connection.queued, how) {
            (_, Queued::No) | (Queued::Urgent, _) | (Queued::Bulk, Queued::Bulk) => return,
            // Its place among the others stays behind, and finds nothing to do.
            (Queued::No | Queued::Bulk, Queued::Urgent) => self.urgent.push_back(slot),
            (Queued::No, Queued::Bulk) => self.bulk.push_back(slot),
        }
        connection.queued = how;
        self.announce_work();
    }

    /// Tells the loop that there is something to flush, unless it knows.
    pub(super) fn announce_work(&mut self) {
        if !mem::replace(&mut self.work_is_known, true) {
            self.work.notify_one();
        }
    }

    /// Writes what waits for one peer, as far as the kernel takes it.
    pub(super) fn flush(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        connection.queued = Queued::No;
        if connection.is_blocked || connection.outbox.is_empty() {
            return;
        }
        if connection.is_paced() {
            connection.wake();
            return;
        }
        let Some(write) = &connection.write else {
            return;
        };
        let written = connection.outbox.write_to(write);
        let session = connection.session;
        self.wrote(session, written);
    }

    /// Writes one object to a peer of a paced dialect.
    pub(super) fn flush_object(&mut self, session: SessionId) {
        let Some(connection) = self.connection(session) else {
            return;
        };
        let Some(write) = &connection.write else {
            return;
        };
        let written = connection.outbox.write_object_to(write);
        self.wrote(session, written);
    }

    fn wrote(&mut self, session: SessionId, written: std::io::Result<Written>) {
        match written {
            Ok(written) => {
                self.counters.writes += written.calls as u64;
                self.counters.writes_short += u64::from(written.blocked);
                self.counters.bytes_written += written.bytes as u64;
                let Some(connection) = self.connection(session) else {
                    return;
                };
                connection.bytes_written += written.bytes as u64;
                connection.is_blocked = written.blocked;
                if written.blocked || connection.is_closing {
                    connection.wake();
                }
            }
            Err(error) => {
                // Not `end`, which looks after slow readers, and so may come back here.
                self.end_one(session, &QuitReason::Failed(error.to_string().into()));
                if let Some(connection) = self.connection(session) {
                    connection.write = None; // also when it was closing already
                    connection.wake();
                }
            }
        }
    }
}
