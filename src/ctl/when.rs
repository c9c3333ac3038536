//! Points in time on the command line: an RFC 3339 time, a day, a time of the day, how long ago, or
//! the id of a message. All become what the chat protocol takes for a bound. Times without a zone are
//! local, because people mean those.

use std::str::FromStr;

use chrono::{
    DateTime, Days, Local, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat,
    TimeZone, Utc,
};

use super::{clock, duration};

/// Length of a message id, in characters.
const MSGID_CHARS: usize = 13;

/// A bound of a question about history, as the protocol writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When(String);

impl When {
    /// The message id or the time, ready for the wire.
    #[must_use]
    pub fn as_bound(&self) -> &str {
        &self.0
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text.trim(), clock::now())
    }
}

/// Whether a text has the form of a message id. Ids of our times begin with a digit, which no word
/// does.
#[must_use]
pub fn is_msgid(text: &str) -> bool {
    text.len() == MSGID_CHARS
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'v'))
}

fn parse(text: &str, now: DateTime<Utc>) -> Result<When, String> {
    if is_msgid(text) {
        return Ok(When(text.to_owned()));
    }
    let time = DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .ok()
        .or_else(|| local(text, now))
        .or_else(|| ago(text, now));
    time.map(|time| When(time.to_rfc3339_opts(SecondsFormat::Millis, true)))
        .ok_or_else(|| {
            "expected a time such as 10:30, 2026-11-24, 2026-11-24T10:30, or with a zone \
             2026-11-24T10:30:00Z, how long ago such as 2h or 3d, or the id of a message"
                .to_owned()
        })
}

/// A day, a day and a time, or the last time when it was so late.
fn local(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return in_utc(day.and_time(NaiveTime::MIN));
    }
    for form in ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, form) {
            return in_utc(time);
        }
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"))
        .ok()?;
    let today = now.with_timezone(&Local).date_naive();
    let at = in_utc(today.and_time(time))?;
    if at <= now {
        return Some(at);
    }
    in_utc(today.checked_sub_days(Days::new(1))?.and_time(time))
}

fn in_utc(time: NaiveDateTime) -> Option<DateTime<Utc>> {
    match Local.from_local_datetime(&time) {
        // An hour that comes twice is meant the first time, so that nothing is left out.
        MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => {
            Some(time.with_timezone(&Utc))
        }
        // An hour that the clocks leave out.
        MappedLocalTime::None => None,
    }
}

/// `90s`, `10m`, `2h`, `3d`, `1w` back from now. A bare number could mean anything.
fn ago(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let days = |unit: char, factor: u64| {
        let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
        now.checked_sub_days(Days::new(count.checked_mul(factor)?))
    };
    if text.ends_with('d') {
        return days('d', 1);
    }
    if text.ends_with('w') {
        return days('w', 7);
    }
    if text.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    now.checked_sub_signed(chrono::Duration::from_std(duration::parse(text).ok()?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Result<String, String> {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        parse(text, now).map(|when| when.0)
    }

    fn local_at(text: &str) -> String {
        let time: NaiveDateTime = text.parse().unwrap();
        let time = Local.from_local_datetime(&time).earliest().unwrap();
        time.with_timezone(&Utc)
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    #[test]
    fn times_with_a_zone_ids_and_lengths_of_time() {
        for (text, wanted) in [
            ("2026-11-24T10:30:00Z", "2026-11-24T10:30:00.000Z"),
            ("2026-11-24T10:30:00.5+01:00", "2026-11-24T09:30:00.500Z"),
            ("2h", "2026-11-24T10:00:00.000Z"),
            ("3d", "2026-11-21T12:00:00.000Z"),
            ("1w", "2026-11-17T12:00:00.000Z"),
            ("90s", "2026-11-24T11:58:30.000Z"),
            ("1k83q4ck00002", "1k83q4ck00002"),
        ] {
            assert_eq!(at(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn times_without_a_zone_are_local_and_past() {
        assert_eq!(at("2026-11-20"), Ok(local_at("2026-11-20T00:00:00")));
        assert_eq!(at("2026-11-20 10:30"), Ok(local_at("2026-11-20T10:30:00")));
        let now: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        for text in ["00:00", "11:59:30", "23:59"] {
            let time: DateTime<Utc> = at(text).unwrap().parse().unwrap();
            assert!(
                time <= now && now - time < chrono::Duration::days(1),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused_and_words_are_no_ids() {
        for text in [
            "",
            "soon",
            "7",
            "2026-13-01",
            "25:00",
            "-2h",
            "99999999999999999999d",
        ] {
            assert!(at(text).is_err(), "{text}");
        }
        assert!(!is_msgid("international") && !is_msgid("1k83q4ck0000z"));
    }
}
