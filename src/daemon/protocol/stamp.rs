//! Ids and times as text: RFC 3339 for v1, C's `ctime` form for the old dialect. RFC 3339 is written
//! by hand, calendar included, because every message needs it twice (76 ns with chrono's calendar,
//! of 430 for the whole message); a test holds it to chrono's, which writes the old form.

use chrono::{DateTime, FixedOffset, Offset, Utc};

use crate::hub::event::Event;
use crate::hub::id::MessageId;
use crate::hub::time::UnixMillis;

/// An event's id and time as v1 writes them, without memory of their own.
pub(super) struct Stamp {
    msgid: [u8; MessageId::TEXT_BYTES],
    time: Rfc3339,
}

impl Stamp {
    pub(super) fn new(id: MessageId, at: UnixMillis) -> Self {
        Self {
            msgid: id.to_ascii(),
            time: Rfc3339::new(at),
        }
    }

    pub(super) fn of(event: &Event) -> Self {
        Self::new(event.id, event.at)
    }

    pub(super) fn msgid(&self) -> &str {
        str::from_utf8(&self.msgid).expect("ids are ASCII")
    }

    pub(super) fn time(&self) -> &str {
        self.time.as_str()
    }
}

/// `2026-11-23T09:00:00.000Z`
pub(super) struct Rfc3339([u8; 24]);

impl Rfc3339 {
    pub(super) fn new(at: UnixMillis) -> Self {
        let ms = at.0.min(LAST_MS);
        let (year, month, day) = civil_date(ms / DAY_MS);
        let second = ms % DAY_MS / 1000;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        two_digits(&mut text[0..2], year / 100);
        two_digits(&mut text[2..4], year % 100);
        two_digits(&mut text[5..7], month);
        two_digits(&mut text[8..10], day);
        two_digits(&mut text[11..13], second / 3600);
        two_digits(&mut text[14..16], second / 60 % 60);
        two_digits(&mut text[17..19], second % 60);
        two_digits(&mut text[20..22], ms % 1000 / 10);
        text[22] = digit(ms % 10);
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("the digits of a time are ASCII")
    }
}

/// A time of RFC 3339; what was before 1970 is then.
pub(super) fn parse_time(text: &str) -> Option<UnixMillis> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    let ms = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Some(UnixMillis(ms.min(LAST_MS)))
}

/// `Mon Nov 23 09:00:00 2026`, in the local time that is `offset_seconds` ahead of UTC.
pub(super) fn ctime(at: UnixMillis, offset_seconds: i32) -> String {
    let offset = FixedOffset::east_opt(offset_seconds).unwrap_or(Utc.fix());
    utc(at)
        .with_timezone(&offset)
        .format("%a %b %e %H:%M:%S %Y")
        .to_string()
}

/// Year, month and day of a day since 1970-01-01. It counts from 0000-03-01, so that the leap day is
/// the last of its year and the months' lengths repeat in steps of five: 31 30 31 30 31.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097); // 400 years
    let leap_days = day_of_era / 1460 + day_of_era / 146_096 - day_of_era / 36_524;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let is_next_year = month_from_march >= 10;
    let month = if is_next_year {
        month_from_march - 9
    } else {
        month_from_march + 3
    };
    (
        era * 400 + year_of_era + u64::from(is_next_year),
        month,
        day,
    )
}

const DAY_MS: u64 = 86_400_000;

fn utc(at: UnixMillis) -> DateTime<Utc> {
    let ms = at.0.min(LAST_MS).cast_signed();
    DateTime::from_timestamp_millis(ms).expect("years up to 9999 are in chrono's range")
}

/// The end of the year 9999, the last that RFC 3339 can write.
const LAST_MS: u64 = 253_402_300_799_999;

fn two_digits(place: &mut [u8], value: u64) {
    place[0] = digit(value / 10);
    place[1] = digit(value % 10);
}

fn digit(value: u64) -> u8 {
    b"0123456789"[value as usize % 10]
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_time_is_written_as_chrono_writes_it(ms in 0..=LAST_MS) {
            let at = UnixMillis(ms);
            let chronos = utc(at).to_rfc3339_opts(SecondsFormat::Millis, true);
            let written = Rfc3339::new(at);
            prop_assert_eq!(written.as_str(), chronos);
        }
    }

    #[test]
    fn every_day_of_four_centuries_has_its_date() {
        for day in 0..150_000 {
            let at = UnixMillis(day * DAY_MS);
            let chronos = utc(at).format("%Y-%m-%d").to_string();
            assert!(Rfc3339::new(at).as_str().starts_with(&chronos), "{chronos}");
        }
    }

    #[test]
    fn times_are_written_as_rfc_3339_has_them() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_424_400_007, "2026-11-23T09:00:00.007Z"),
            (1_709_164_799_999, "2024-02-28T23:59:59.999Z"),
            (LAST_MS, "9999-12-31T23:59:59.999Z"),
            (u64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Rfc3339::new(UnixMillis(ms)).as_str(), text);
        }
    }

    #[test]
    fn the_old_form_is_local_and_pads_the_day_with_a_space() {
        let noon = UnixMillis(1_793_534_400_000);
        assert_eq!(ctime(noon, 0), "Sun Nov  1 12:00:00 2026");
        assert_eq!(ctime(noon, 9 * 3600), "Sun Nov  1 21:00:00 2026");
        assert_eq!(ctime(noon, i32::MAX), "Sun Nov  1 12:00:00 2026");
    }
}
