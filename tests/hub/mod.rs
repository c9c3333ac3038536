//! The hub by itself: no socket, no real clock.

mod names;
