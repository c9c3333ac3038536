//! A bar on stderr while a run goes on, when people look at it. It has no colours, so `NO_COLOR` asks
//! for nothing, and no thread of its own, which would disturb what is measured.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ctl::clock;

/// Steps of the bar.
const STEPS: u64 = 1000;

/// Least time between two looks at the bar, in nanoseconds.
const PAUSE_NS: u64 = 100_000_000;

/// The bar.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    shown_ns: u64,
}

impl Progress {
    /// A bar on stderr; an invisible one when stderr is no terminal.
    #[must_use]
    pub fn on_stderr() -> Self {
        let style = ProgressStyle::with_template("{prefix:12} [{bar:30}] {msg}")
            .expect("a template that indicatif knows")
            .progress_chars("=> ");
        let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
        bar.set_style(style);
        Self { bar, shown_ns: 0 }
    }

    /// Another part of the run begins.
    pub fn begin(&mut self, what: &'static str) {
        self.bar.set_message("");
        self.bar.set_position(0);
        self.bar.set_prefix(what);
        self.shown_ns = 0;
    }

    /// `done` of `all` is done; `what` says it in words, and is asked only when it will be shown.
    #[inline]
    pub fn show(&mut self, now_ns: u64, (done, all): (u64, u64), what: impl FnOnce() -> String) {
        if now_ns < self.shown_ns + PAUSE_NS || self.bar.is_hidden() {
            return;
        }
        self.shown_ns = clock::monotonic_ns();
        let position = u128::from(done) * u128::from(STEPS) / u128::from(all.max(1));
        self.bar.set_message(what());
        self.bar
            .set_position(u64::try_from(position).map_or(STEPS, |position| position.min(STEPS)));
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
