//! The batched send by `io_uring`, to know what it would bring. All of the benchmark's unsafe code is
//! here: the kernel is given pointers, and they stay valid because [`Ring::write`] does not return
//! before each of its sends has completed.

use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::process::abort;

use io_uring::{IoUring, opcode, types};

use super::ways::whole;

/// A ring for up to [`ENTRIES`] sends at a time.
pub(crate) struct Ring(IoUring);

/// Sends in one submission.
const ENTRIES: u32 = 1024;

impl Ring {
    /// A ring as one thread uses it best. Fails where the kernel or a sandbox forbids `io_uring`.
    pub(crate) fn new() -> io::Result<Self> {
        IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .build(ENTRIES)
            .map(Self)
    }

    /// Writes `batch` to each socket, [`ENTRIES`] sends per system call.
    pub(crate) fn write(&mut self, sockets: &[TcpStream], batch: &[u8]) -> io::Result<()> {
        for some in sockets.chunks(ENTRIES as usize) {
            self.submit(some, batch);
            self.complete(some.len(), batch)?;
        }
        Ok(())
    }

    fn submit(&mut self, sockets: &[TcpStream], batch: &[u8]) {
        let length = u32::try_from(batch.len()).expect("a batch is small");
        let mut queue = self.0.submission();
        for socket in sockets {
            let socket = types::Fd(socket.as_raw_fd());
            let send = opcode::Send::new(socket, batch.as_ptr(), length)
                .flags(no_signal())
                .build();
            // SAFETY: the socket and the batch are borrowed by `write`, which waits in `complete` for
            // this very send before it returns.
            #[expect(unsafe_code, reason = "the kernel is handed a pointer")]
            unsafe { queue.push(&send) }.expect("the ring has room for a chunk");
        }
    }

    /// Waits for all `count` sends.
    fn complete(&mut self, count: usize, batch: &[u8]) -> io::Result<()> {
        let mut result = Ok(());
        let mut completed = 0;
        while completed < count {
            match self.0.submit_and_wait(count - completed) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Some sends may still be under way, and nothing says when they end.
                Err(_) => abort(),
            }
            for entry in self.0.completion() {
                completed += 1;
                if result.is_ok() {
                    result = match usize::try_from(entry.result()) {
                        Ok(sent) => whole(sent, batch),
                        Err(_) => Err(io::Error::from_raw_os_error(-entry.result())),
                    };
                }
            }
        }
        result
    }
}

fn no_signal() -> i32 {
    i32::try_from(rustix::net::SendFlags::NOSIGNAL.bits()).expect("a small flag")
}
