//! What chatctl says besides its results: lines on stderr, each with chatctl's name in front.
//! The one place that writes there, so that no text of others gets there raw, and a closed stderr
//! never turns into a panic with an exit code of its own.

use std::io::{self, Write};

use super::sanitize;

/// Tells people something, in one line or more.
pub fn remark(text: &str) {
    let mut stderr = io::stderr().lock();
    for line in sanitize::lines(text) {
        // Whoever closed stderr does not want to hear it.
        let _ = writeln!(stderr, "chatctl: {line}");
    }
}

/// Asks for an answer on the same line.
pub fn ask(question: &str) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
}
