//! The hub: sessions, users and rooms as a pure state machine.

pub mod command;
pub mod event;
pub mod id;
pub mod input;
pub mod name;
pub mod output;
pub mod refusal;
pub mod settings;
pub mod time;
pub mod view;

use std::time::Duration;

use input::Input;
use output::{Output, RoomSummary};
use settings::Settings;
use time::Now;
use view::{Counts, SessionView};

/// The whole chat state.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
}

impl Hub {
    /// An empty hub with the default room.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Takes one input to its end; what is to be done is appended to `outputs`.
    pub fn handle(&mut self, _now: Now, _input: Input, _outputs: &mut Vec<Output>) {}

    /// When the hub next wants an [`Input::Tick`], as uptime.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        None
    }

    /// The bounds in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How much there is.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    /// All connections, by serial.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionView> {
        Vec::new()
    }

    /// All rooms, by name.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomSummary> {
        Vec::new()
    }
}
