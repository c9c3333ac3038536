//! What a free text must look like: a server's name, a greeting, a group, a log level. Each check
//! answers with words that follow the key's name.

use tracing_subscriber::filter::Targets;

use super::problem::{nearest, shown};

/// Longest `[server] name`, in bytes: it stands in front of lines that protocols keep short.
const NAME_BYTES_MAX: usize = 64;
/// Longest `[server] motd`, in bytes: with escapes it still fits one object to an old client.
const MOTD_BYTES_MAX: usize = 400;
/// Longest group name that Linux's tools accept.
const GROUP_BYTES_MAX: usize = 32;
/// Longest path of a Unix socket on Linux.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Most origins in a list.
const ORIGINS_MAX: usize = 64;

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// One word: printable, no space.
pub(super) fn one_word(text: &str) -> Result<(), String> {
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("must be one word, not {}", shown(text)));
    }
    no_longer(text, NAME_BYTES_MAX)
}

/// One line for people; may be empty.
pub(super) fn one_line(text: &str) -> Result<(), String> {
    if text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err("must be one line, without line breaks or other control characters".to_owned());
    }
    no_longer(text, MOTD_BYTES_MAX)
}

/// A group's name as Unix allows it. Whether the group exists is not asked here.
pub(super) fn group_name(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if text.is_empty() || text.starts_with('-') || !text.chars().all(fits) {
        return Err(format!("must be a group's name, not {}", shown(text)));
    }
    no_longer(text, GROUP_BYTES_MAX)
}

/// Origins as browsers write them: scheme, host, and the port where it is not the scheme's own; `null` is that of
/// pages from a file. `*.` may stand ahead of a host.
pub(super) fn check_origins(origins: &[String]) -> Result<(), String> {
    if origins.len() > ORIGINS_MAX {
        return Err(format!("must be at most {ORIGINS_MAX} origins"));
    }
    let wrong = origins
        .iter()
        .find(|origin| *origin != "null" && !is_origin(origin));
    wrong.map_or(Ok(()), |origin| {
        Err(format!(
            "must have origins such as \"https://chat.example\", with a scheme and without a path, not {}",
            shown(origin)
        ))
    })
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.strip_prefix("*.").unwrap_or(rest);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    let is_plain = !scheme.is_empty() && scheme.bytes().all(|it| it.is_ascii_alphanumeric());
    is_plain && !host.is_empty() && host.bytes().all(fits)
}

/// A Unix socket's path must fit the system's `sockaddr_un`, its final zero included (unix(7)).
pub(super) fn socket_path(text: &str) -> Result<(), String> {
    no_longer(text, SOCKET_PATH_BYTES_MAX)
}

/// Checks a log level: one of `error`, `warn`, `info`, `debug`, `trace`, `off`, or several
/// directives such as `info,chatd::daemon::engine=debug`. What passes, `tracing_subscriber`'s
/// `Targets` accepts.
///
/// # Errors
/// What is wrong, as a sentence that follows the key's name.
pub fn check_log_level(text: &str) -> Result<(), String> {
    for directive in text.split(',') {
        let level = match directive.split_once('=') {
            Some(("", _)) => return Err(format!("has no target before {}", shown(directive))),
            Some((_, level)) => level,
            // tracing takes a lone word that is no level for a target to log in full: "inof"
            // would silence everything else, which nobody who writes it means.
            None => directive,
        };
        if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            return Err(not_a_level(level));
        }
    }
    text.parse::<Targets>()
        .map(|_| ())
        .map_err(|error| format!("is no list of log directives: {error}"))
}

fn not_a_level(level: &str) -> String {
    let meant = nearest(level, LEVELS.into_iter())
        .map_or_else(String::new, |level| format!("; did you mean \"{level}\"?"));
    format!(
        "must be error, warn, info, debug, trace or off, or a list such as \
         \"info,chatd::daemon=debug\"; {} is no level{meant}",
        shown(level)
    )
}

fn no_longer(text: &str, bytes_max: usize) -> Result<(), String> {
    if text.len() > bytes_max {
        return Err(format!(
            "must be at most {bytes_max} bytes long, and has {}",
            text.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::Targets;

    use super::*;

    #[test]
    fn levels_and_directives_that_tracing_takes() {
        for level in ["info", "WARN", "off", "info,chatd::daemon::engine=debug"] {
            assert_eq!(check_log_level(level), Ok(()), "{level}");
            level.parse::<Targets>().unwrap();
        }
    }

    #[test]
    fn a_misspelt_level_is_not_taken_for_a_target() {
        assert_eq!(
            check_log_level("inof").unwrap_err(),
            "must be error, warn, info, debug, trace or off, or a list such as \
             \"info,chatd::daemon=debug\"; \"inof\" is no level; did you mean \"info\"?"
        );
        for wrong in ["", "info,", "info,chatd=loud", "=debug", "chatd"] {
            check_log_level(wrong).unwrap_err();
        }
    }

    #[test]
    fn a_server_name_is_one_word() {
        assert_eq!(one_word("chat.example.org"), Ok(()));
        assert_eq!(one_word("연구실"), Ok(()));
        for wrong in ["", "two words", "bell\u{7}", &"x".repeat(65)] {
            one_word(wrong).unwrap_err();
        }
    }

    #[test]
    fn a_greeting_is_one_line_and_may_be_empty() {
        assert_eq!(one_line(""), Ok(()));
        assert_eq!(one_line("Willkommen! Frag /help."), Ok(()));
        for wrong in ["two\nlines", "\u{1b}[31mred", &"x".repeat(401)] {
            one_line(wrong).unwrap_err();
        }
    }

    #[test]
    fn an_origin_has_a_scheme_and_no_path() {
        let check = |origin: &str| check_origins(&[origin.to_owned()]);
        for right in [
            "https://chat.example",
            "http://localhost:8000",
            "http://[::1]:8000",
            "https://*.example.org",
            "null",
        ] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for wrong in [
            "",
            "chat.example",
            "https://chat.example/",
            "https://",
            "*",
            "https://a.*.example",
        ] {
            check(wrong).unwrap_err();
        }
    }

    #[test]
    fn a_group_is_named_as_unix_allows() {
        assert_eq!(group_name("chat-admins"), Ok(()));
        for wrong in ["", "-x", "a b", "a:b", &"x".repeat(33)] {
            group_name(wrong).unwrap_err();
        }
    }
}
