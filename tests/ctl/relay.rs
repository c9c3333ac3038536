//! A line between a client and a server that a test can cut and mend. What has arrived on one side is
//! passed on; who connects while it is cut waits.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

pub(crate) struct Relay {
    address: SocketAddr,
    line: Arc<Line>,
}

#[derive(Default)]
struct Line {
    state: Mutex<State>,
    mended: Condvar,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    ends: Vec<TcpStream>,
}

impl Relay {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let line = Arc::new(Line::default());
        let shared = Arc::clone(&line);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                shared.carry(&client, server);
            }
        });
        Self { address, line }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn cut(&self) {
        let mut state = self.line.state.lock().unwrap();
        state.is_cut = true;
        for end in state.ends.drain(..) {
            // It may have been closed by its peer.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.line.state.lock().unwrap().is_cut = false;
        self.line.mended.notify_all();
    }
}

impl Line {
    fn carry(&self, client: &TcpStream, server: SocketAddr) {
        let state = self.state.lock().unwrap();
        let mut state = self.mended.wait_while(state, |it| it.is_cut).unwrap();
        let server = TcpStream::connect(server).unwrap();
        for (from, to) in [(client, &server), (&server, client)] {
            state.ends.push(from.try_clone().unwrap());
            let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    if to.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(Shutdown::Both);
            });
        }
    }
}
