//! HTTP as far as a chat server needs it: one request, which makes its connection a WebSocket or is answered and
//! ends it.

mod answer;
mod head;
mod origin;
mod upgrade;

pub use answer::Answer;
pub use head::{Collector, Head};
pub use upgrade::{Agreement, judge};
