//! Log levels as people write them, `info` or `info,chatd::daemon::engine=debug`, as a filter.
//! What is a level is the config's rule, so that file, `--set` and admin socket agree.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use crate::config::check_log_level;

/// Why a text is no log level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error("a log level {0}")]
    Wrong(String),
    #[error("the log has ended")]
    Gone,
}

/// Reads directives. Without a level for all modules, the others log errors only.
///
/// # Errors
/// [`LevelError::Wrong`], which says what would be right.
pub fn parse(directives: &str) -> Result<Targets, LevelError> {
    check_log_level(directives).map_err(LevelError::Wrong)?;
    let targets: Targets = directives
        .parse()
        .map_err(|error| LevelError::Wrong(format!("cannot be read: {error}")))?;
    Ok(match targets.default_level() {
        Some(_) => targets,
        None => targets.with_default(LevelFilter::ERROR),
    })
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_level_holds_for_all_modules_but_those_named() {
        let targets = parse("info,chatd::daemon::engine=debug").unwrap();
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
        for wrong in ["", "inof", "info,", "chatd=", "=info", "3", "info,x"] {
            assert!(matches!(parse(wrong), Err(LevelError::Wrong(_))), "{wrong}");
        }
    }
}
