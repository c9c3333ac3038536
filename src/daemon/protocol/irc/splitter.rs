//! From bytes to lines: each ended by LF, perhaps with CR before it. What is too long is passed over to its end
//! and told once; nothing grows beyond the longest line.

/// Longest tags of a client, `@` and the space behind them counted in.
pub(super) const TAGS_BYTES_MAX: usize = 4096;
/// Longest rest of a line, its end counted in.
pub(super) const LINE_BYTES_MAX: usize = 512;

/// Finds the lines in what one peer sends. Owns no memory unless a line has come in part.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    held: Vec<u8>,
    /// The beginning was too long: the rest belongs to it.
    is_passing_over: bool,
}

/// One line of a peer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Without its end, never longer than both bounds together.
    Line(Vec<u8>),
    TooLong,
}

impl Splitter {
    /// The next line, if it has come whole; `bytes` loses what was taken.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Option<Found> {
        let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
            let rest = std::mem::take(bytes);
            if !self.is_passing_over {
                self.held.extend_from_slice(rest);
                self.is_passing_over = self.held.len() > TAGS_BYTES_MAX + LINE_BYTES_MAX;
            }
            if self.is_passing_over {
                self.held = Vec::new();
            }
            return None;
        };
        let (line, rest) = bytes.split_at(end);
        *bytes = &rest[1..];
        if std::mem::take(&mut self.is_passing_over) {
            return Some(Found::TooLong);
        }
        let mut whole = std::mem::take(&mut self.held);
        whole.extend_from_slice(line);
        if whole.last() == Some(&b'\r') {
            whole.pop();
        }
        Some(if is_too_long(&whole) {
            Found::TooLong
        } else {
            Found::Line(whole)
        })
    }

    /// Bytes of a line that has come in part.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.len()
    }
}

/// Of a line without its end.
fn is_too_long(line: &[u8]) -> bool {
    let tags = if line.starts_with(b"@") {
        line.iter()
            .position(|&byte| byte == b' ')
            .map_or(line.len(), |at| at + 1)
    } else {
        0
    };
    tags > TAGS_BYTES_MAX || line.len() - tags > LINE_BYTES_MAX - 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(splitter: &mut Splitter, mut bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        loop {
            match splitter.next(&mut bytes) {
                Some(it) => found.push(it),
                None if bytes.is_empty() => return found,
                None => {}
            }
        }
    }

    fn line(text: &str) -> Found {
        Found::Line(text.into())
    }

    #[test]
    fn lines_are_found_wherever_they_are_cut() {
        let mut splitter = Splitter::default();
        assert_eq!(found(&mut splitter, b"PI"), []);
        assert_eq!(
            found(&mut splitter, b"NG a\r\n\nB\nC\r"),
            [line("PING a"), line(""), line("B")]
        );
        assert_eq!(found(&mut splitter, b"\n"), [line("C")]);
        assert_eq!(splitter.held_bytes(), 0);
    }

    #[test]
    fn what_is_too_long_is_told_once_and_not_kept() {
        let mut splitter = Splitter::default();
        let (most, more) = ("x".repeat(510), "x".repeat(511));
        let both = format!("{most}\r\n{more}\r\n");
        assert_eq!(
            found(&mut splitter, both.as_bytes()),
            [line(&most), Found::TooLong]
        );
        let tagged = format!("@{} {most}", "t".repeat(4094));
        let more_tags = format!("@{} A", "t".repeat(4095));
        let both = format!("{tagged}\n{more_tags}\n");
        assert_eq!(
            found(&mut splitter, both.as_bytes()),
            [line(&tagged), Found::TooLong]
        );
        for _ in 0..100 {
            assert_eq!(found(&mut splitter, &[b'x'; 1000]), []);
            assert!(splitter.held_bytes() <= TAGS_BYTES_MAX + LINE_BYTES_MAX);
        }
        assert_eq!(found(&mut splitter, b"x\nA\n"), [Found::TooLong, line("A")]);
    }
}
