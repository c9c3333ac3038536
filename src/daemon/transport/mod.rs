//! Bytes in, bytes out: the sockets that peers connect by, TCP and Unix, behind one type each for
//! listening and for a connection. Nothing here waits but [`Listener::accept`]; it knows neither the
//! hub nor any protocol.

mod listener;
mod peer;
mod socket;
mod watched;

pub use listener::Listener;
pub use peer::Peer;
pub use socket::Socket;
pub use watched::Watched;
