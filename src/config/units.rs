//! Durations and sizes as people write them: `"30s"`, `"64KiB"`. Reading and printing are
//! inverse: what is printed reads back as the same value. Knows no key and no file.

use std::time::Duration;

/// Why a text is no duration or no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// It does not begin with a whole number.
    #[error("it begins with no whole number")]
    NoNumber,
    /// A bare number where the unit decides by a factor of a thousand.
    #[error("a unit is missing")]
    NoUnit,
    /// A unit that is none of ours; `meant` is the nearest one.
    #[error("the unit \"{unit}\" is unknown{}", did_you_mean(meant.as_deref()))]
    UnknownUnit { unit: String, meant: Option<String> },
    /// More than fits.
    #[error("it is too large")]
    TooLarge,
}

/// From the largest, so that printing finds the shortest form.
const DURATION_UNITS: [(&str, u64); 5] = [
    ("d", DAY_MS),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];
const DAY_MS: u64 = 86_400_000;
const SIZE_UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// Reads `"10ms"`, `"30s"`, `"5m"`, `"2h"` or `"90d"`. A space before the unit is allowed.
///
/// # Errors
/// A [`UnitError`]; a duration always needs a unit.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let (number, unit) = split(text)?;
    if unit.is_empty() {
        return Err(UnitError::NoUnit);
    }
    let factor = DURATION_UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, factor)| *factor)
        .ok_or_else(|| unknown(number, unit, meant_duration(unit)))?;
    number
        .checked_mul(factor)
        .map(Duration::from_millis)
        .ok_or(UnitError::TooLarge)
}

/// Reads `"65536"`, `"64KiB"`, `"1MiB"` or `"2GiB"`. Without a unit it is bytes.
///
/// # Errors
/// A [`UnitError`]. `KB` and `K` are refused, because people disagree about what they mean.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let (number, unit) = split(text)?;
    if unit.is_empty() {
        return Ok(number);
    }
    let factor = SIZE_UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))
        .map(|(_, factor)| *factor)
        .ok_or_else(|| unknown(number, unit, meant_size(unit)))?;
    number.checked_mul(factor).ok_or(UnitError::TooLarge)
}

/// Prints a duration in the largest unit that divides it; what is below a millisecond is cut off. A single
/// day is 24 hours, as people say it.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    let units = match millis {
        DAY_MS => &DURATION_UNITS[1..],
        _ => &DURATION_UNITS[..],
    };
    format_with(millis, units)
}

/// Prints a size in the largest unit that divides it; below a KiB it is a bare number.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    if bytes > 0 && bytes.is_multiple_of(1024) {
        format_with(bytes, &SIZE_UNITS)
    } else {
        bytes.to_string()
    }
}

fn format_with(value: u64, units: &[(&str, u64)]) -> String {
    units
        .iter()
        .find(|(_, factor)| value.is_multiple_of(*factor))
        .map_or_else(
            || value.to_string(),
            |(name, factor)| format!("{}{name}", value / factor),
        )
}

/// The whole number in front, and what follows it.
fn split(text: &str) -> Result<(u64, &str), UnitError> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(UnitError::NoNumber);
    }
    // Digits only, so the one possible failure is overflow.
    let number = number.parse().map_err(|_| UnitError::TooLarge)?;
    Ok((number, unit.trim_start()))
}

fn unknown(number: u64, unit: &str, meant: Option<&str>) -> UnitError {
    UnitError::UnknownUnit {
        unit: unit.escape_debug().collect(),
        meant: meant.map(|unit| format!("{number}{unit}")),
    }
}

fn meant_duration(unit: &str) -> Option<&'static str> {
    match unit.to_ascii_lowercase().as_str() {
        "milli" | "millis" | "msec" | "msecs" | "millisecond" | "milliseconds" => Some("ms"),
        "sec" | "secs" | "second" | "seconds" => Some("s"),
        "min" | "mins" | "minute" | "minutes" => Some("m"),
        "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "day" | "days" => Some("d"),
        _ => None,
    }
}

fn meant_size(unit: &str) -> Option<&'static str> {
    match unit.to_ascii_lowercase().as_str() {
        "byte" | "bytes" => Some("B"),
        "k" | "kb" | "ki" => Some("KiB"),
        "m" | "mb" | "mi" => Some("MiB"),
        "g" | "gb" | "gi" => Some("GiB"),
        _ => None,
    }
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!("; did you mean \"{meant}\"?"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(parse_duration("10ms"), Ok(Duration::from_millis(10)));
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration(" 5 m "), Ok(Duration::from_secs(300)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(parse_duration("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
        assert_eq!(format_duration(Duration::from_secs(90 * 86_400)), "90d");
        assert_eq!(format_duration(Duration::from_secs(86_400)), "24h");
    }

    #[test]
    fn a_duration_that_is_none_says_why() {
        assert_eq!(parse_duration(""), Err(UnitError::NoNumber));
        assert_eq!(parse_duration("soon"), Err(UnitError::NoNumber));
        assert_eq!(parse_duration("-3s"), Err(UnitError::NoNumber));
        assert_eq!(parse_duration("30"), Err(UnitError::NoUnit));
        assert_eq!(
            parse_duration("99999999999999999999s"),
            Err(UnitError::TooLarge)
        );
        assert_eq!(
            parse_duration("9999999999999999999h"),
            Err(UnitError::TooLarge)
        );
        assert_eq!(
            parse_duration("30sec").unwrap_err().to_string(),
            "the unit \"sec\" is unknown; did you mean \"30s\"?"
        );
        assert_eq!(
            parse_duration("1.5s").unwrap_err().to_string(),
            "the unit \".5s\" is unknown"
        );
    }

    #[test]
    fn sizes_are_read_with_or_without_a_unit() {
        assert_eq!(parse_size("65536"), Ok(65536));
        assert_eq!(parse_size("64KiB"), Ok(65536));
        assert_eq!(parse_size("64 kib"), Ok(65536));
        assert_eq!(parse_size("1MiB"), Ok(1 << 20));
        assert_eq!(parse_size("2GiB"), Ok(2 << 30));
        assert_eq!(parse_size("12B"), Ok(12));
    }

    #[test]
    fn a_size_whose_unit_people_disagree_about_is_refused_with_ours() {
        assert_eq!(
            parse_size("64KB").unwrap_err().to_string(),
            "the unit \"KB\" is unknown; did you mean \"64KiB\"?"
        );
        assert_eq!(parse_size("big"), Err(UnitError::NoNumber));
        assert_eq!(parse_size("99999999999GiB"), Err(UnitError::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(value in 0..=1_000_000_000_u64) {
            let duration = Duration::from_millis(value);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
            prop_assert_eq!(parse_size(&format_size(value)), Ok(value));
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let duration = parse_duration(&text);
            let size = parse_size(&text);
            // A duration always has a unit, a size may have none: no text is both but by mistake.
            prop_assert!(duration.is_err() || size.is_err());
        }
    }
}
