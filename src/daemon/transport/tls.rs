//! TLS over one socket, without ever waiting: rustls does the cryptography, this file moves the bytes.
//! It keeps only what it must between two calls, the beginning of a record that has not come whole and
//! encrypted bytes that the kernel did not take; everything else is in [`TlsBuffers`], one set per
//! thread, so that an idle connection holds no buffer.

use std::fmt;
use std::io;
use std::mem;
use std::time::Duration;

use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, UnbufferedStatus, WriteTraffic,
};

use super::Socket;

/// Room to work in, for all connections of one thread.
#[derive(Debug, Default)]
pub struct TlsBuffers {
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    /// Slices that go into one record.
    pub gathered: Vec<u8>,
}

/// One connection's TLS.
pub struct Tls {
    connection: UnbufferedServerConnection,
    stage: Stage,
    /// A record, or a message of the handshake in several, that has not come whole; at most
    /// [`HANDSHAKE_CARRY_BYTES_MAX`], and [`CARRY_BYTES_MAX`] after the handshake.
    carry: Vec<u8>,
    /// Encrypted, and not taken by the kernel; at most [`WRITE_BYTES`] and a few records of rustls's own.
    unsent: Vec<u8>,
    handshake_until: Duration,
}

/// Without keys.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("stage", &self.stage)
            .field("unsent_bytes", &self.unsent.len())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Handshake,
    Open,
    /// Our side has said that nothing more comes, or has to say nothing more after an error.
    Closed,
}

/// What one read came to.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Bytes of the peer's, decrypted.
    pub bytes: usize,
    /// Nothing more is there now.
    pub is_drained: bool,
    /// The peer sends no more.
    pub has_ended: bool,
    /// TLS was agreed on by this read.
    pub is_secured: bool,
    /// Why nothing more can be read; `bytes` came before it, and count.
    pub broken: Option<Broken>,
}

/// How a peer breaks TLS.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Broken {
    /// It breaks the protocol, or cannot agree with us; it is told by an alert.
    #[error("{0}")]
    Protocol(#[from] rustls::Error),
    /// rustls keeps a message of the handshake until it is whole, with all that its records are wrapped
    /// in, so records of one byte would make much of little.
    #[error("a message of the handshake came in too many pieces")]
    Fragmented,
}

impl Tls {
    /// Begins with a connection whose handshake must be over at `handshake_until`, as uptime.
    #[must_use]
    pub fn new(connection: UnbufferedServerConnection, handshake_until: Duration) -> Self {
        Self {
            connection,
            stage: Stage::Handshake,
            carry: Vec::new(),
            unsent: Vec::new(),
            handshake_until,
        }
    }

    /// Whether nothing can be said yet.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.stage == Stage::Handshake
    }

    /// When the handshake must be over, as uptime.
    #[must_use]
    pub fn handshake_until(&self) -> Duration {
        self.handshake_until
    }

    /// The DER form of the certificate that the peer has shown and that was found good.
    #[must_use]
    pub fn peer_certificate(&self) -> Option<&[u8]> {
        let shown = self.connection.peer_certificates()?;
        shown.first().map(AsRef::as_ref)
    }

    /// Encrypted bytes that the kernel has not taken.
    #[must_use]
    pub fn unsent_bytes(&self) -> usize {
        self.unsent.len()
    }

    /// How much room a read of at most `read_bytes` needs: all that is decrypted by it.
    #[must_use]
    pub fn space_for(&self, read_bytes: usize) -> usize {
        self.carry.len() + read_bytes
    }

    /// Reads once, and decrypts what has come whole into `space`, which must be longer than
    /// [`Self::space_for`] nothing. What the handshake has to answer is written on the way; the rest of
    /// it waits for [`Self::flush`].
    ///
    /// What breaks TLS is in the result, behind what came before it; an alert may still be
    /// [flushed](Self::flush) then.
    ///
    /// # Errors
    /// The socket's: the connection is over.
    pub fn read(
        &mut self,
        socket: &Socket,
        buffers: &mut TlsBuffers,
        space: &mut [u8],
    ) -> io::Result<Read> {
        let begun = self.carry.len();
        let incoming = &mut buffers.incoming;
        incoming.clear();
        incoming.extend_from_slice(&self.carry);
        incoming.resize(space.len().max(begun), 0);
        let count = match socket.read(&mut incoming[begun..]) {
            Ok(0) => {
                return Ok(Read {
                    has_ended: true,
                    ..Read::default()
                });
            }
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Ok(Read {
                    is_drained: true,
                    ..Read::default()
                });
            }
            Err(error) => return Err(error),
        };
        let is_drained = begun + count < incoming.len();
        incoming.truncate(begun + count);
        let (mut read, used) = self.take_in(incoming, space);
        read.is_drained = is_drained;
        self.carry.clear();
        if used < incoming.len() && read.broken.is_none() {
            self.carry.extend_from_slice(&incoming[used..]);
        } else {
            self.carry = Vec::new(); // idle connections hold no buffer
        }
        if self.stage == Stage::Handshake && !self.connection.is_handshaking() {
            self.stage = Stage::Open;
            read.is_secured = true;
        }
        if self.carry.len() > self.carry_bytes_max() {
            self.carry = Vec::new();
            read.broken = Some(Broken::Fragmented);
        }
        if read.broken.is_some() {
            self.stage = Stage::Closed;
        }
        match self.flush(socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(read),
        }
    }

    fn carry_bytes_max(&self) -> usize {
        if self.is_handshaking() {
            HANDSHAKE_CARRY_BYTES_MAX
        } else {
            CARRY_BYTES_MAX
        }
    }

    /// Lets rustls take in what is there, and decrypts it. Returns how much of `incoming` is done with.
    fn take_in(&mut self, incoming: &mut [u8], space: &mut [u8]) -> (Read, usize) {
        let mut read = Read::default();
        let mut used = 0;
        loop {
            let UnbufferedStatus { mut discard, state } =
                self.connection.process_tls_records(&mut incoming[used..]);
            let broken = match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => loop {
                    match traffic.next_record() {
                        Some(Ok(record)) => {
                            discard += record.discard;
                            let end = read.bytes + record.payload.len();
                            space[read.bytes..end].copy_from_slice(record.payload);
                            read.bytes = end;
                        }
                        Some(Err(error)) => break Some(error),
                        None => break None,
                    }
                },
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    encode(&mut self.unsent, |space| data.encode(space));
                    None
                }
                // It waits in `unsent`, in order: to rustls that is as good as sent.
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    data.done();
                    None
                }
                Ok(ConnectionState::PeerClosed) => {
                    read.has_ended = true;
                    None
                }
                Ok(_) => return (read, used + discard),
                Err(error) => Some(error),
            };
            used += discard;
            if let Some(error) = broken {
                self.queue_alert(&mut incoming[used..]);
                read.broken = Some(error.into());
                return (read, used);
            }
        }
    }

    /// After an error rustls has an alert for the peer, and nothing else.
    fn queue_alert(&mut self, incoming: &mut [u8]) {
        let status = self.connection.process_tls_records(incoming);
        if let Ok(ConnectionState::EncodeTlsData(mut data)) = status.state {
            encode(&mut self.unsent, |space| data.encode(space));
        }
    }

    /// Writes what is encrypted and was not taken yet.
    ///
    /// # Errors
    /// `WouldBlock` when some of it still waits; any other error ends the connection.
    pub fn flush(&mut self, socket: &Socket) -> io::Result<()> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let taken = socket.write(&self.unsent)?;
        if taken < self.unsent.len() {
            self.unsent.drain(..taken);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.unsent = Vec::new();
        Ok(())
    }

    /// Encrypts and writes. Returns how many bytes it has taken: more than are on their way, when the
    /// kernel took only a part; then nothing more is taken before that has left. Adds the system calls
    /// that it took to `calls`.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is taken; any other error ends the connection.
    pub fn write(
        &mut self,
        socket: &Socket,
        buffers: &mut TlsBuffers,
        bytes: &[u8],
        calls: &mut usize,
    ) -> io::Result<usize> {
        match self.stage {
            Stage::Handshake => return Err(io::ErrorKind::WouldBlock.into()),
            Stage::Closed => return Ok(bytes.len()), // there is no way to tell it any more
            Stage::Open => {}
        }
        if !self.unsent.is_empty() {
            *calls += 1;
            self.flush(socket)?;
        }
        let mut taken = 0;
        for chunk in bytes.chunks(WRITE_BYTES) {
            let outgoing = &mut buffers.outgoing;
            outgoing.clear();
            self.encrypt(chunk, outgoing)?;
            taken += chunk.len();
            *calls += 1;
            let written = match socket.write(outgoing) {
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            };
            if written < outgoing.len() {
                self.unsent.extend_from_slice(&outgoing[written..]);
                break;
            }
        }
        Ok(taken)
    }

    fn encrypt(&mut self, bytes: &[u8], outgoing: &mut Vec<u8>) -> io::Result<()> {
        let mut traffic = writable(&mut self.connection, &mut self.carry)?;
        let records = bytes.len().div_ceil(RECORD_BYTES);
        let mut room = bytes.len() + records * RECORD_OVERHEAD + KEY_UPDATE_BYTES;
        loop {
            outgoing.resize(room, 0);
            match traffic.encrypt(bytes, outgoing) {
                Ok(length) => {
                    outgoing.truncate(length);
                    return Ok(());
                }
                Err(EncryptError::InsufficientSize(error)) => room = error.required_size,
                Err(error @ EncryptError::EncryptExhausted) => return Err(io::Error::other(error)),
            }
        }
    }

    /// Says that nothing more comes, behind all that was written.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn close(&mut self, socket: &Socket) -> io::Result<()> {
        if mem::replace(&mut self.stage, Stage::Closed) == Stage::Open {
            let mut traffic = writable(&mut self.connection, &mut self.carry)?;
            let begun = self.unsent.len();
            self.unsent.resize(begun + ALERT_BYTES, 0);
            let length = traffic.queue_close_notify(&mut self.unsent[begun..]);
            let length = length.unwrap_or(0); // it has been said already
            self.unsent.truncate(begun + length);
        }
        self.flush(socket)
    }
}

/// All that has come was taken in, so that rustls has nothing to say before what we have.
fn writable<'c>(
    connection: &'c mut UnbufferedServerConnection,
    carry: &mut [u8],
) -> io::Result<WriteTraffic<'c, ServerConnectionData>> {
    match connection.process_tls_records(carry).state {
        Ok(ConnectionState::WriteTraffic(traffic)) => Ok(traffic),
        Ok(_) => Err(io::ErrorKind::ConnectionAborted.into()),
        Err(error) => Err(io::Error::other(error)),
    }
}

fn encode(unsent: &mut Vec<u8>, mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) {
    let begun = unsent.len();
    let mut room = RECORD_OVERHEAD;
    loop {
        unsent.resize(begun + room, 0);
        match encode(&mut unsent[begun..]) {
            Ok(length) => return unsent.truncate(begun + length),
            Err(EncodeError::InsufficientSize(error)) => room = error.required_size,
            Err(EncodeError::AlreadyEncoded) => return unsent.truncate(begun),
        }
    }
}

/// Bytes that are encrypted for one system call: so much may wait for a peer in a form that cannot be
/// taken back, and a turn rarely has more.
const WRITE_BYTES: usize = 64 * 1024;
/// Most bytes of one record.
const RECORD_BYTES: usize = 16 * 1024;
/// What TLS adds to a record, at most, with some to spare.
const RECORD_OVERHEAD: usize = 64;
/// What rustls puts ahead when a key has done enough.
const KEY_UPDATE_BYTES: usize = 64;
/// An alert is a record of its own.
const ALERT_BYTES: usize = 128;
/// The longest record of TLS 1.2, which may grow by 2 KiB (RFC 5246, 6.2.3), and its header.
const CARRY_BYTES_MAX: usize = RECORD_BYTES + 2048 + 5;
/// rustls takes no longer message of a handshake than 64 KiB; in full records that is a few hundred bytes more.
pub const HANDSHAKE_CARRY_BYTES_MAX: usize = 80 * 1024;
