//! The end of all connections: each client says good-bye, and what the server still sends is read and
//! thrown away, because closing over unread bytes would reset the connections.

use std::{io, mem};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown};

use super::peer::Reading;
use super::{Net, TURN_MAX};
use crate::ctl::bench::protocol::Stage;

impl Net {
    /// Everyone says good-bye; from here on only [`Self::discard`] reads.
    pub fn say_good_bye(&mut self) {
        let _ = self.wake_at(None);
        let quit = self.speech.quit();
        for peer in &mut self.peers {
            let Some(socket) = &peer.socket else {
                continue;
            };
            // Those who do not read are cut off by closing: the server would wait for them.
            if peer.reading == Reading::UntilIn || peer.client.stage == Stage::Connecting {
                peer.socket = None;
                continue;
            }
            // A good-bye for which the kernel has no room is said by closing.
            if peer.client.out.is_empty() {
                let _ = send(socket, quit, SendFlags::NOSIGNAL);
            }
            let _ = shutdown(socket, Shutdown::Write);
            // Nothing more is written. Who waits for room to write has it for ever from here on, and
            // would wake us without end.
            if mem::take(&mut peer.waits_to_write) {
                let data = EventData::new_u64(u64::from(peer.client.number));
                let _ = epoll::modify(&self.epoll, socket, data, EventFlags::IN);
            }
        }
    }

    /// Reads and throws away what comes; returns how many connections are still open.
    ///
    /// # Errors
    /// What the system says about the loop itself.
    pub fn discard(&mut self) -> io::Result<usize> {
        self.events.clear();
        let events = rustix::buffer::spare_capacity(&mut self.events);
        match epoll::wait(&self.epoll, events, Some(&TURN_MAX)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &self.events {
            let data = event.data;
            let Some(peer) = self.peers.get_mut(data.u64() as usize) else {
                continue;
            };
            let Some(socket) = &peer.socket else {
                continue;
            };
            match recv(socket, self.buffer.as_mut_slice(), RecvFlags::empty()) {
                Ok((0, _)) => peer.socket = None,
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(_) => peer.socket = None,
            }
        }
        Ok(self
            .peers
            .iter()
            .filter(|peer| peer.socket.is_some())
            .count())
    }
}
