//! What somebody says, as the lines of it: one, or where it is long or has several, as many as it takes. Clients that
//! know messages of several lines get them as one.

use super::Facts;
use super::caps::{Cap, Caps};
use super::multiline::LINES_MAX;
use super::write::{Head, Piece, Source, pieces, push_params};
use crate::daemon::protocol::stamp::Stamp;
use crate::hub::tags::Tags;

/// One thing that is said.
pub(super) struct Speech<'a> {
    pub(super) caps: Caps,
    pub(super) stamp: &'a Stamp,
    pub(super) from: &'a Source<'a>,
    pub(super) verb: &'a str,
    pub(super) target: &'a str,
    /// Around each line of the text.
    pub(super) around: (&'a str, &'a str),
    pub(super) text: &'a str,
    pub(super) tags: Option<&'a Tags>,
    /// The batch that it is part of.
    pub(super) batch: Option<&'a str>,
}

impl Speech<'_> {
    pub(super) fn write(&self, facts: &Facts, out: &mut Vec<u8>) {
        let cuts = self.tags.map(Tags::cuts).unwrap_or_default();
        let (before, behind) = self.around;
        let head_bytes = self.from.bytes(facts)
            + self.verb.len()
            + self.target.len()
            + before.len()
            + behind.len()
            + HEAD_BYTES;
        let mut left_off = String::new();
        let pieces = bounded(pieces(self.text, cuts, head_bytes), &mut left_off);
        if pieces.len() > 1 && self.caps.has(Cap::MultiLine) {
            return self.write_as_one(&pieces, facts, out);
        }
        // An empty line is none in IRC.
        let mut lines = pieces.iter().filter(|piece| !piece.text.is_empty());
        let first = lines.next().map_or(" ", |piece| piece.text);
        self.write_line(first, true, facts, out);
        for piece in lines {
            self.write_line(piece.text, false, facts, out);
        }
    }

    fn write_line(&self, text: &str, is_first: bool, facts: &Facts, out: &mut Vec<u8>) {
        self.head(is_first, self.batch, self.verb).write(facts, out);
        self.write_rest(text, out);
    }

    fn write_rest(&self, text: &str, out: &mut Vec<u8>) {
        push_params(&[self.target], out);
        let (before, behind) = self.around;
        for piece in [" :", before, text, behind, "\r\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }

    /// The tags stand at the beginning of the batch, and nowhere else.
    fn write_as_one(&self, pieces: &[Piece<'_>], facts: &Facts, out: &mut Vec<u8>) {
        let batch = format!("m{}", self.stamp.msgid());
        self.head(true, self.batch, "BATCH").write(facts, out);
        push_params(&[&format!("+{batch}"), "draft/multiline", self.target], out);
        out.extend_from_slice(b"\r\n");
        for piece in pieces {
            out.extend_from_slice(b"@batch=");
            out.extend_from_slice(batch.as_bytes());
            if piece.continues {
                out.extend_from_slice(b";draft/multiline-concat");
            }
            out.extend_from_slice(b" :");
            self.from.write(facts, out);
            out.push(b' ');
            out.extend_from_slice(self.verb.as_bytes());
            self.write_rest(piece.text, out);
        }
        let server = &facts.server_name;
        let outer = self.batch.map(|outer| format!("@batch={outer} "));
        let outer = outer.unwrap_or_default();
        let end = format!("{outer}:{server} BATCH -{batch}\r\n");
        out.extend_from_slice(end.as_bytes());
    }

    fn head<'a>(&'a self, is_first: bool, batch: Option<&'a str>, verb: &'a str) -> Head<'a> {
        let tags = self.tags.map(Tags::as_str).filter(|tags| !tags.is_empty());
        Head {
            caps: self.caps,
            stamp: self.stamp,
            has_msgid: is_first,
            source: Source { ..*self.from },
            is_server: false,
            client_tags: tags,
            batch,
            verb,
        }
    }
}

/// What another protocol says at once must not be thousands of lines, each with its source, to everybody here: in
/// place of those beyond the bound, the last says how many they are.
pub(super) fn bounded<'a>(mut pieces: Vec<Piece<'a>>, left_off: &'a mut String) -> Vec<Piece<'a>> {
    if pieces.len() > LINES_MAX {
        *left_off = format!("[{} more lines]", pieces.len() - (LINES_MAX - 1));
        pieces.truncate(LINES_MAX - 1);
        pieces.push(Piece {
            text: left_off,
            continues: false,
        });
    }
    pieces
}

/// The colons and spaces: `:source VERB target :text`.
pub(super) const HEAD_BYTES: usize = 5;
