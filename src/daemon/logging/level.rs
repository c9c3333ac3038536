//! Log levels as people write them: `info`, or `info,chatd::daemon::engine=debug`.
//!
//! `tracing`'s own parsers take any word for the name of a module, so that a typing error would
//! silence the whole log; here every part must have a level that exists.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// Longest accepted text, in bytes.
pub const BYTES_MAX: usize = 1024;

/// Why a text is no log level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error(
        "`{0}` is no log level: use error, warn, info, debug, trace or off, or MODULE=LEVEL, separated by commas"
    )]
    Unknown(String),
    #[error("a log level is missing: use error, warn, info, debug, trace or off")]
    Missing,
    #[error("a log level may have at most {BYTES_MAX} bytes")]
    TooLong,
    #[error("the log has ended")]
    Gone,
}

/// Reads directives. Without a level for all modules, the others log errors only.
///
/// # Errors
/// [`LevelError`] for the first part that is wrong.
pub fn parse(directives: &str) -> Result<Targets, LevelError> {
    if directives.len() > BYTES_MAX {
        return Err(LevelError::TooLong);
    }
    if directives.trim().is_empty() {
        return Err(LevelError::Missing);
    }
    let mut targets = Targets::new().with_default(LevelFilter::ERROR);
    for part in directives.split(',').map(str::trim) {
        targets = match part.split_once('=') {
            None => targets.with_default(level(part, part)?),
            Some((module, word)) if is_module(module) => {
                targets.with_target(module, level(word, part)?)
            }
            Some(_) => return Err(LevelError::Unknown(part.to_owned())),
        };
    }
    Ok(targets)
}

/// Numbers, which `tracing` accepts too, are left out: nobody remembers which way they count.
fn level(word: &str, part: &str) -> Result<LevelFilter, LevelError> {
    let known = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic());
    match word.parse() {
        Ok(level) if known => Ok(level),
        _ => Err(LevelError::Unknown(part.to_owned())),
    }
}

fn is_module(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_:-".contains(c))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_level_holds_for_all_modules_but_those_named() {
        let targets = parse("info, chatd::daemon::engine=debug").unwrap();
        assert!(targets.would_enable("chatd::daemon", &Level::INFO));
        assert!(!targets.would_enable("chatd::daemon", &Level::DEBUG));
        assert!(targets.would_enable("chatd::daemon::engine", &Level::DEBUG));
    }

    #[test]
    fn without_a_level_for_all_the_others_log_errors() {
        let targets = parse("chatd=trace").unwrap();
        assert!(targets.would_enable("chatd::hub", &Level::TRACE));
        assert!(targets.would_enable("hyper", &Level::ERROR));
        assert!(!targets.would_enable("hyper", &Level::WARN));
    }

    #[test]
    fn a_typing_error_is_an_error_and_not_a_module() {
        for wrong in [
            "inof", "info,", "chatd=", "=info", "a b=info", "3", "chatd=3", ",", "info,x",
        ] {
            assert!(
                matches!(parse(wrong), Err(LevelError::Unknown(_))),
                "{wrong}"
            );
        }
        assert_eq!(parse(" ").unwrap_err(), LevelError::Missing);
        assert_eq!(parse(&"a".repeat(2000)).unwrap_err(), LevelError::TooLong);
    }
}
