//! Ids and times as text: RFC 3339 for v1, C's `ctime` form for the old dialect. Written by hand
//! where every message needs it; the calendar is chrono's.

use chrono::{DateTime, Datelike, FixedOffset, Offset, Timelike, Utc};

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
        let at = utc(at);
        let year = at.year().unsigned_abs(); // 1970 to 9999
        let mut text = *b"0000-00-00T00:00:00.000Z";
        two_digits(&mut text[0..2], year / 100);
        two_digits(&mut text[2..4], year % 100);
        two_digits(&mut text[5..7], at.month());
        two_digits(&mut text[8..10], at.day());
        two_digits(&mut text[11..13], at.hour());
        two_digits(&mut text[14..16], at.minute());
        two_digits(&mut text[17..19], at.second());
        let ms = at.timestamp_subsec_millis();
        two_digits(&mut text[20..22], ms / 10);
        text[22] = digit(ms % 10);
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("the digits of a time are ASCII")
    }
}

/// `Mon Nov 23 09:00:00 2026`, in the local time that is `offset_seconds` ahead of UTC.
pub(super) fn ctime(at: UnixMillis, offset_seconds: i32) -> String {
    let offset = FixedOffset::east_opt(offset_seconds).unwrap_or(Utc.fix());
    utc(at)
        .with_timezone(&offset)
        .format("%a %b %e %H:%M:%S %Y")
        .to_string()
}

fn utc(at: UnixMillis) -> DateTime<Utc> {
    let ms = at.0.min(LAST_MS).cast_signed();
    DateTime::from_timestamp_millis(ms).expect("years up to 9999 are in chrono's range")
}

/// The end of the year 9999, the last that RFC 3339 can write.
const LAST_MS: u64 = 253_402_300_799_999;

fn two_digits(place: &mut [u8], value: u32) {
    place[0] = digit(value / 10);
    place[1] = digit(value % 10);
}

fn digit(value: u32) -> u8 {
    b"0123456789"[value as usize % 10]
}

#[cfg(test)]
mod tests {
    use super::*;

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
