//! Lines above the prompt. rustyline's external printer redraws the line that is being typed, but
//! it writes straight to the terminal while no line is being edited, and it lets a line that came in
//! with the user's Enter wait for the next prompt and be overtaken. So all that is shown goes
//! through one thread here, which holds it back from the moment a line is accepted until the next
//! prompt stands. Nothing is torn, nothing is overtaken, nothing is lost.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustyline::ExternalPrinter;
use tokio::sync::Notify;

/// Text that may wait for the terminal before the server is no longer listened to, in bytes.
const WAITING_BYTES_MAX: usize = 256 * 1024;

/// The longest that Enter waits for a line that is just being printed.
const ACCEPT_PATIENCE: Duration = Duration::from_millis(20);

/// The longest that leaving waits for the last lines to appear.
const CLOSE_PATIENCE: Duration = Duration::from_millis(500);

/// What waits to be shown, and whether it may be.
#[derive(Debug, Default)]
pub struct Screen {
    state: Mutex<State>,
    changed: Condvar,
    /// Held while printing, so that a line is not accepted in the midst of it.
    pen: Mutex<()>,
    room_made: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: String,
    /// A prompt stands and may be redrawn.
    is_open: bool,
    /// A text has been handed to the prompt and has not been drawn yet.
    is_drawing: bool,
}

impl Screen {
    /// Starts the thread that prints.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn start(mut printer: impl ExternalPrinter + Send + 'static) -> std::io::Result<Arc<Self>> {
        let screen = Arc::new(Self::default());
        let shared = Arc::clone(&screen);
        thread::Builder::new()
            .name("screen".into())
            .spawn(move || while shared.print_next(&mut printer) {})?;
        Ok(screen)
    }

    /// Queues whole lines.
    pub fn show(&self, lines: &str) {
        self.state().waiting.push_str(lines);
        self.changed.notify_all();
    }

    /// Whether so much waits that no more should be asked for.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.state().waiting.len() > WAITING_BYTES_MAX
    }

    /// Returns when there is room for more.
    pub async fn has_room(&self) {
        while self.is_full() {
            self.room_made.notified().await;
        }
    }

    /// The prompt has been drawn: lines may appear above it.
    pub fn opened(&self) {
        self.state().is_open = true;
        self.changed.notify_all();
    }

    /// The prompt was redrawn, under what was printed if anything was.
    pub fn drawn(&self) {
        self.state().is_drawing = false;
        self.changed.notify_all();
    }

    /// A line is accepted: nothing may be printed from here on.
    pub fn accepted(&self) {
        // Bounded, because the printer may itself wait for the editor that is calling here.
        let until = now() + ACCEPT_PATIENCE;
        let mut pen = self.pen.try_lock();
        while pen.is_err() && now() < until {
            thread::sleep(Duration::from_millis(1));
            pen = self.pen.try_lock();
        }
        self.state().is_open = false;
    }

    /// Waits for the last lines to appear. Returns what could not be shown.
    pub fn close(&self) -> String {
        let until = now() + CLOSE_PATIENCE;
        let mut state = self.state();
        while state.is_open && (state.is_drawing || !state.waiting.is_empty()) && now() < until {
            let waited = self.changed.wait_timeout(state, CLOSE_PATIENCE / 10);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.is_open = false;
        std::mem::take(&mut state.waiting)
    }

    /// Prints once; false when the terminal is gone.
    fn print_next(&self, printer: &mut impl ExternalPrinter) -> bool {
        drop(self.wait_for_work());
        let _pen = self.pen.lock();
        let mut state = self.state();
        if !state.is_open || state.waiting.is_empty() {
            return true;
        }
        state.is_drawing = true;
        let lines = std::mem::take(&mut state.waiting);
        drop(state);
        self.room_made.notify_one();
        printer.print(lines).is_ok()
    }

    fn wait_for_work(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        while !state.is_open || state.waiting.is_empty() {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a thread waits for another, shown to nobody"
)]
fn now() -> Instant {
    Instant::now()
}
