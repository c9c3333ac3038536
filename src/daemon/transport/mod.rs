//! Bytes in, bytes out: the sockets that peers connect by, TCP and Unix, behind one type each for
//! listening and for a connection, and TLS on top of it. Nothing here waits but [`Listener::accept`] and
//! [`take_ahead`]; it knows neither the hub nor any protocol.

mod ahead;
mod listener;
mod peer;
mod socket;
mod tls;
mod watched;

pub use ahead::{AheadError, Look, take_ahead};
pub use listener::Listener;
pub use peer::Peer;
pub use socket::Socket;
pub use tls::{Broken, HANDSHAKE_CARRY_BYTES_MAX, Read, Tls, TlsBuffers};
pub use watched::Watched;
