//! Lengths of time on the command line, `10m`, and on the screen, `3 d 4 h`.

use std::time::Duration;

use crate::config::units::parse_duration;

/// Longest time that makes sense on a command line.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// Parses `500ms`, `30s`, `10m`, `2h` as the config does; a bare number is seconds.
///
/// # Errors
/// A sentence for the user.
pub fn parse(text: &str) -> Result<Duration, String> {
    let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let duration = if is_bare {
        parse_duration(&format!("{text}s"))
    } else {
        parse_duration(text)
    };
    let duration = duration.map_err(|error| error.to_string())?;
    if duration.is_zero() || duration > LONGEST {
        return Err("must be more than nothing and at most a year".into());
    }
    Ok(duration)
}

/// Parses how long something is kept, `90d`, `2w`, `12h`; 0 is for ever. In seconds.
///
/// # Errors
/// A sentence for the user.
pub fn parse_keep(text: &str) -> Result<u64, String> {
    let in_days = |unit: char, days: u64| {
        let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
        count.checked_mul(days * 86_400)
    };
    if text == "0" {
        return Ok(0);
    }
    let seconds = in_days('d', 1).or_else(|| in_days('w', 7));
    let seconds = seconds.or_else(|| Some(parse_duration(text).ok()?.as_secs()));
    match seconds {
        Some(seconds) if seconds <= KEPT_MAX_S => Ok(seconds),
        Some(_) => Err("must be at most a hundred years".to_owned()),
        None => Err("expected a time such as 90d, 2w or 12h, or 0 for ever".to_owned()),
    }
}

/// Parses how long a rule holds, `10m`, `2h`, `7d` or `2w`, in seconds.
///
/// # Errors
/// A sentence for the user.
pub fn parse_term(text: &str) -> Result<u64, String> {
    match parse_keep(text) {
        Ok(seconds) if (1..=TERM_MAX_S).contains(&seconds) => Ok(seconds),
        Ok(0) => Err("must be a second or more; leave it out for a rule without end".to_owned()),
        Ok(_) => Err("must be less than ten years; leave it out for a rule without end".to_owned()),
        Err(_) => Err("expected a time such as 10m, 2h or 7d".to_owned()),
    }
}

/// A little less than ten years, as the server takes it.
const TERM_MAX_S: u64 = 10 * 365 * 86_400 - 1;

/// A hundred years.
const KEPT_MAX_S: u64 = 36_600 * 86_400;

/// The two largest units that matter: `41 s`, `12 min 3 s`, `3 d 4 h`.
#[must_use]
pub fn show(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (_, _, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_shown() {
        assert_eq!(parse("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("7"), Ok(Duration::from_secs(7)));
        for wrong in ["", "m", "1x", "0s", "-1s", "99999999999999999999h", "9999h"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_keep("90d"), Ok(90 * 86_400));
        assert_eq!(parse_keep("2w"), Ok(14 * 86_400));
        assert_eq!(parse_keep("12h"), Ok(43_200));
        assert_eq!(parse_keep("0"), Ok(0));
        for wrong in ["", "90", "d", "-1d", "99999999d"] {
            assert!(parse_keep(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_term("10m"), Ok(600));
        assert_eq!(parse_term("7d"), Ok(7 * 86_400));
        for wrong in ["0", "0s", "500ms", "3650d", "10", "soon", ""] {
            assert!(parse_term(wrong).is_err(), "{wrong}");
        }
        assert_eq!(show(41), "41 s");
        assert_eq!(show(723), "12 min 3 s");
        assert_eq!(show(86_400 * 3 + 4 * 3600 + 59), "3 d 4 h");
    }
}
