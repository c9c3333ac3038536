//! What TLS asks of a shard: handshakes, which take time and may never end, reading records, and a
//! good-bye that the peer can tell from a broken line.

use std::io;

use super::link::Stage;
use super::report::BUFFER_BYTES;
use super::{Bounds, Due, Report, Reports, Shard, TlsFailure};
use crate::daemon::transport::HANDSHAKE_CARRY_BYTES_MAX;

impl Shard {
    /// Reads a peer that speaks TLS, as `read` does the others.
    pub(super) fn read_tls(&mut self, slot: u32, reports: &mut Reports) {
        let Bounds {
            read_bytes,
            reads_per_turn,
            ..
        } = self.bounds;
        for _ in 0..reads_per_turn {
            let Some(link) = self.links.get_mut(slot as usize).and_then(Option::as_mut) else {
                return;
            };
            let Some(tls) = link.tls.as_deref_mut() else {
                return;
            };
            let space = reports
                .space(tls.space_for(read_bytes))
                .filter(|space| space.len() > tls.space_for(0));
            let Some(space) = space else {
                self.passed_over.get_or_insert(slot);
                return;
            };
            // Only a step that is taken counts: the others may still have theirs.
            if tls.is_handshaking() {
                let Some(left) = self.handshake_steps_left.checked_sub(1) else {
                    return; // the kernel will tell again
                };
                self.handshake_steps_left = left;
            }
            let read = match tls.read(&link.socket, &mut self.tls_buffers, space) {
                Ok(read) => read,
                Err(error) => return self.fail(slot, error),
            };
            let is_blocked = tls.unsent_bytes() > 0;
            if read.is_secured {
                let certificate = tls.peer_certificate().map(Into::into);
                let until = tls.handshake_until();
                self.deadlines.remove(until, slot, Due::Handshake);
                reports.push(Report::Secured { slot, certificate });
                self.mark(slot);
            }
            if read.bytes > 0 {
                reports.received(slot, read.bytes);
            }
            if let Some(broken) = read.broken {
                return self.break_off(slot, TlsFailure::Broken(broken.to_string()));
            }
            if let Some(link) = self.link(slot) {
                link.is_blocked |= is_blocked;
                if read.has_ended {
                    link.stage = Stage::Ended;
                    link.has_ended = true;
                    reports.push(Report::Closed { slot });
                }
            }
            self.watch(slot);
            if read.has_ended || read.is_drained {
                return;
            }
        }
    }

    /// The time for a handshake is over.
    pub(super) fn handshake_is_late(&mut self, slot: u32) {
        if self.link(slot).is_some_and(|link| link.is_handshaking()) {
            self.break_off(slot, TlsFailure::Timeout);
        }
    }

    /// Nothing more can be understood, or said but an alert. The owner has the last word.
    fn break_off(&mut self, slot: u32, why: TlsFailure) {
        let Some(link) = self.link(slot) else {
            return;
        };
        if link.stage != Stage::Open && link.stage != Stage::Ended {
            return;
        }
        link.stage = Stage::Cut;
        link.outbox = None;
        link.held = None;
        self.happened.push(Report::TlsFailed { slot, why });
        self.watch(slot);
    }

    /// Writes what is encrypted already. Says whether more may be said.
    pub(super) fn flush_tls(&mut self, slot: u32) -> bool {
        let Some(link) = self.link(slot) else {
            return false;
        };
        let Some(tls) = link.tls.as_deref_mut() else {
            return true;
        };
        match tls.flush(&link.socket) {
            Ok(()) => !tls.is_handshaking(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                link.is_blocked = true;
                if link.stage == Stage::Draining && !link.is_patient {
                    self.remove(slot);
                }
                false
            }
            Err(error) => {
                self.fail(slot, error);
                false
            }
        }
    }

    /// Tells the peer that nothing more comes. Says whether that has left, or never will.
    pub(super) fn says_good_bye_by_tls(&mut self, slot: u32) -> bool {
        let Some(link) = self.link(slot) else {
            return false;
        };
        let Some(tls) = link.tls.as_deref_mut() else {
            return true;
        };
        match tls.close(&link.socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && link.is_patient => {
                link.is_blocked = true;
                false
            }
            Ok(()) | Err(_) => true,
        }
    }
}

/// What is carried is decrypted into the buffer of a turn: without room for more the connection would never
/// be read again.
const _: () = assert!(HANDSHAKE_CARRY_BYTES_MAX < BUFFER_BYTES);
