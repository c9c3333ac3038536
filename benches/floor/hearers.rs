//! Those who hear: N connections over the loopback, and one thread that reads them all empty. It
//! knows how many bytes must come, never what is in them or how they were written.

use std::io;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::epoll;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use socket2::SockRef;

/// The writing ends, and the thread behind the other ends.
#[derive(Debug)]
pub(crate) struct Hearers {
    sockets: Vec<TcpStream>,
    /// Bytes that have been written since the beginning, once the round is over.
    owed: Arc<AtomicU64>,
    drained: Receiver<io::Result<()>>,
    reader: Option<JoinHandle<()>>,
}

impl Hearers {
    /// Connects `count` sockets and reads them on `core`.
    pub(crate) fn connect(count: usize, core: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        // Accepted sockets inherit it. Nothing is to wait for room: that would be no floor.
        SockRef::from(&listener).set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
        let address = listener.local_addr()?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut sockets = Vec::with_capacity(count);
        let mut ends = Vec::with_capacity(count);
        for index in 0..count {
            let socket = TcpStream::connect(address)?;
            socket.set_nodelay(true)?;
            SockRef::from(&socket).set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
            let (end, _) = listener.accept()?;
            let data = epoll::EventData::new_u64(index as u64);
            epoll::add(&epoll, &end, data, epoll::EventFlags::IN)?;
            sockets.push(socket);
            ends.push(end);
        }
        let owed = Arc::new(AtomicU64::new(0));
        let (told, drained) = sync_channel(1);
        let reader = thread::spawn({
            let owed = Arc::clone(&owed);
            move || {
                let read = super::pin(core).and_then(|()| read_all(&epoll, &ends, &owed, &told));
                if let Err(error) = read {
                    let _ = told.send(Err(error)); // nobody listens only after an error of theirs
                }
            }
        });
        Ok(Self {
            sockets,
            owed,
            drained,
            reader: Some(reader),
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.sockets.len()
    }

    pub(crate) fn sockets(&self) -> &[TcpStream] {
        &self.sockets
    }

    /// Says that so many bytes are about to be written, all sockets together.
    pub(crate) fn announce(&self, bytes: usize) {
        self.owed.fetch_add(bytes as u64, Ordering::Release);
    }

    /// Sleeps until all that was announced has been read.
    pub(crate) fn wait(&self) -> io::Result<()> {
        self.drained
            .recv_timeout(PATIENCE)
            .map_err(|_| io::Error::other("what was written never came"))?
    }
}

impl Drop for Hearers {
    fn drop(&mut self) {
        self.sockets.clear(); // the reader ends with the last of them
        if let Some(reader) = self.reader.take() {
            let _ = reader.join(); // a panic there has been printed
        }
    }
}

/// Reads whatever comes, and tells each time that nothing is owed any more. Ends with the peers.
fn read_all(
    epoll: impl rustix::fd::AsFd,
    ends: &[TcpStream],
    owed: &AtomicU64,
    told: &SyncSender<io::Result<()>>,
) -> io::Result<()> {
    let mut events = Vec::with_capacity(512);
    let mut buffer = vec![MaybeUninit::<u8>::uninit(); 256 * 1024];
    let mut open = ends.len();
    let (mut read_bytes, mut told_bytes) = (0, 0);
    while open > 0 {
        events.clear();
        match epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &events {
            let end = &ends[usize::try_from(event.data.u64()).expect("an index of ends")];
            match recv(end, &mut buffer[..], RecvFlags::DONTWAIT) {
                Ok((_, 0)) => {
                    epoll::delete(&epoll, end)?;
                    open -= 1;
                }
                Ok((_, count)) => read_bytes += count as u64,
                Err(Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if read_bytes > told_bytes && read_bytes == owed.load(Ordering::Acquire) {
            told_bytes = read_bytes;
            let _ = told.send(Ok(())); // gone, they have closed their sockets too
        }
    }
    Ok(())
}

/// More than the largest batch.
const SOCKET_BUFFER_BYTES: usize = 1024 * 1024;

/// How long a round may take before something is broken.
const PATIENCE: Duration = Duration::from_secs(20);
