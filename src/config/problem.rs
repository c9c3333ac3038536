//! Mistakes in a config: what is wrong, with which key, and where it was written. They are
//! collected, never thrown one at a time: whoever edits a file wants to see them all.

use std::fmt;
use std::path::PathBuf;

/// All mistakes that were found, in the order of the file. Printed one per line. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    file: Option<PathBuf>,
    list: Vec<Problem>,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) place: Place,
    /// `limits.rate`, `listen[0].port`, a section's name; `None` for the file as a whole.
    pub(super) key: Option<String>,
    /// What is wrong and what would be right; no capital, no full stop.
    pub(super) text: String,
}

/// Where something was written. The order is the order of printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The file as a whole.
    WholeFile,
    /// Line and column count from 1, columns in characters.
    File { line: usize, column: usize },
    /// `--set` on the command line.
    Set,
    /// Nowhere: the value is the default.
    Default,
}

impl Problems {
    /// Sorts the list by place. The caller has at least one problem.
    pub(super) fn new(file: Option<PathBuf>, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.place);
        Self { file, list }
    }

    /// The mistakes, one line each, in the order of the file.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.list
            .iter()
            .map(|problem| problem.line(self.file.as_ref()))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&line)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Problem {
    pub(super) fn new(place: Place, key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            place,
            key: Some(key.into()),
            text: text.into(),
        }
    }

    /// A mistake that is no key's: the file cannot be read, or is no TOML.
    pub(super) fn of_file(place: Place, text: impl Into<String>) -> Self {
        Self {
            place,
            key: None,
            text: text.into(),
        }
    }

    /// `chat.toml:12:8: limits.rate: …`, as compilers print it, so that editors can jump there.
    pub(super) fn line(&self, file: Option<&PathBuf>) -> String {
        let file = file.map_or("config".into(), |file| file.to_string_lossy());
        let place = match self.place {
            Place::WholeFile => format!("{file}: "),
            Place::File { line, column } => format!("{file}:{line}:{column}: "),
            Place::Set => "--set ".to_owned(),
            Place::Default => String::new(),
        };
        let key = self
            .key
            .as_ref()
            .map_or_else(String::new, |key| format!("{key}: "));
        format!("{place}{key}{}", self.text)
    }
}

/// A text from outside as it may stand in a message: in quotes, escaped, and not too long.
pub(super) fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let cut: String = text.chars().take(CHARS_MAX).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", cut.escape_debug())
}

/// The candidate that is nearest to what was written, if any is near enough to be meant.
pub(super) fn nearest<'c>(
    written: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let written = written.to_lowercase().replace('-', "_");
    // A third of the letters may be wrong: "rat" means "rate", "port" does not mean "motd".
    let allowed = (written.chars().count() / 3).clamp(1, 4);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&written, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
