//! WebSocket (RFC 6455) on the server's side, once it was agreed on: frames to messages, lines to frames. It
//! knows nothing of what the messages say, and offers no extension. The headers of frames are read and written
//! by `tungstenite`.

mod read;
mod write;

pub use read::{Broken, Reader, Received};
pub use write::{frame_from, write_close, write_lines, write_pong};

/// What a message consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

/// Why a WebSocket connection ends, as section 7.4 of RFC 6455 and the registry behind it number it.
pub mod close_code {
    /// Everything was said.
    pub const NORMAL: u16 = 1000;
    /// The server stops.
    pub const GOING_AWAY: u16 = 1001;
    /// The frames broke the rules.
    pub const PROTOCOL: u16 = 1002;
    /// A message of text that is no text.
    pub const NOT_TEXT: u16 = 1007;
    /// The peer did what it may not.
    pub const POLICY: u16 = 1008;
    /// A message beyond every bound.
    pub const TOO_BIG: u16 = 1009;
    /// Later it may work.
    pub const TRY_AGAIN: u16 = 1013;
}
