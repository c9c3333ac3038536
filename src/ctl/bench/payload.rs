//! The text of a message that the load tool sends: who said it, its number and a time, in digits of
//! fixed width, filled up to the wanted size with words, because a server that makes texts searchable has
//! more to do for words than for dots. It holds no sign that a protocol would have to escape.
//! Reading costs a few nanoseconds, because it is done once for each delivery.

/// The sign that each begins with.
const MARK: u8 = b'~';

/// What stands behind the stamp, again and again.
const FILLER: &[u8] =
    b" the build is green again, so who comes along for lunch at half past twelve today?";

/// Hexadecimal digits of one of the three words of a stamp.
const WORD: usize = 8;

/// Bytes of a stamp; no text is shorter.
pub const STAMP_BYTES: usize = 1 + 3 * WORD;

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The publisher's number.
    pub publisher: u16,
    /// The message's number; each publisher counts from 0.
    pub sequence: u32,
    /// Nanoseconds since the tool's start, below 2^48 (78 hours).
    pub time_ns: u64,
}

impl Stamp {
    /// Appends the text, `size` bytes long, which is at least [`STAMP_BYTES`].
    pub fn write(self, size: usize, out: &mut Vec<u8>) {
        let words = [
            u32::from(self.publisher) << 16 | (self.time_ns >> 32) as u32 & 0xFFFF,
            self.sequence,
            self.time_ns as u32,
        ];
        let end = out.len() + size;
        out.push(MARK);
        for word in words {
            for place in (0..WORD).rev() {
                out.push(b"0123456789abcdef"[(word >> (4 * place)) as usize & 15]);
            }
        }
        while out.len() < end {
            let rest = FILLER.len().min(end - out.len());
            out.extend_from_slice(&FILLER[..rest]);
        }
    }

    /// Reads a text that [`Self::write`] wrote; `None` for what it cannot have written.
    #[inline]
    pub fn read(text: &[u8]) -> Option<Self> {
        let (&mark, digits) = text.split_first()?;
        let (first, digits) = digits.split_first_chunk()?;
        let (second, digits) = digits.split_first_chunk()?;
        let third = digits.first_chunk()?;
        let (first, sequence, third) = (word(*first), word(*second), word(*third));
        (mark == MARK).then_some(Self {
            publisher: (first >> 16) as u16,
            sequence,
            time_ns: u64::from(first & 0xFFFF) << 32 | u64::from(third),
        })
    }
}

/// The number that eight hexadecimal digits of small letters write, all eight worked out at once.
#[inline]
fn word(digits: [u8; WORD]) -> u32 {
    let signs = u64::from_be_bytes(digits);
    // '0' to '9' are 0x30 to 0x39, 'a' to 'f' 0x61 to 0x66: bit 6 says letter.
    let letters = signs >> 6 & 0x0101_0101_0101_0101;
    let nibbles = (signs & 0x0F0F_0F0F_0F0F_0F0F) + 9 * letters;
    let bytes = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF;
    (pairs | pairs >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            publisher: u16,
            sequence: u32,
            time_ns in 0..1_u64 << 48,
            size in STAMP_BYTES..300,
        ) {
            let stamp = Stamp { publisher, sequence, time_ns };
            let mut text = b"before".to_vec();
            stamp.write(size, &mut text);
            prop_assert_eq!(text.len(), 6 + size);
            prop_assert_eq!(Stamp::read(&text[6..]), Some(stamp));
        }

        #[test]
        fn a_text_that_is_cut_or_anothers_is_none(length in 0..STAMP_BYTES) {
            let mut text = Vec::new();
            Stamp { publisher: 1, sequence: 2, time_ns: 3 }.write(64, &mut text);
            prop_assert_eq!(Stamp::read(&text[..length]), None);
            prop_assert_eq!(Stamp::read(&text[1..]), None);
        }
    }

    #[test]
    fn it_needs_no_escape_in_any_protocol() {
        let mut text = Vec::new();
        let stamp = Stamp {
            publisher: 0xABCD,
            sequence: u32::MAX,
            time_ns: (1 << 48) - 1,
        };
        stamp.write(40, &mut text);
        assert_eq!(text, b"~abcdffffffffffffffffffff the build is g");
    }
}
