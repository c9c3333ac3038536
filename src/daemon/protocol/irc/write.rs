//! Writing lines: numerics, standard replies, and what users say and do, with the tags that a client wants. A line
//! is never longer than a client may expect, and no character is cut.

use smol_str::{SmolStr, format_smolstr};

use super::caps::{Cap, Caps};
use super::splitter::LINE_BYTES_MAX;
use crate::daemon::protocol::Facts;
use crate::daemon::protocol::stamp::Stamp;
use crate::hub::name::Nick;
use crate::hub::persona::Persona;

/// What the server says to one client.
pub(super) struct Lines<'a> {
    pub(super) facts: &'a Facts,
    /// As whom the client is addressed; `*` before it has a nick.
    pub(super) nick: &'a str,
    pub(super) caps: Caps,
    pub(super) out: &'a mut Vec<u8>,
}

impl Lines<'_> {
    /// `:server 001 nick params :text`. No param may be empty or have a space.
    pub(super) fn numeric(&mut self, code: u16, params: &[&str], text: &str) {
        self.begin_numeric(code, params);
        self.end_with(text);
    }

    /// As [`Self::numeric`] without a text behind the params.
    pub(super) fn bare_numeric(&mut self, code: u16, params: &[&str]) {
        self.begin_numeric(code, params);
        self.out.extend_from_slice(b"\r\n");
    }

    /// `:server VERB params :text`.
    pub(super) fn server(&mut self, verb: &str, params: &[&str], text: &str) {
        self.begin(verb, params);
        self.end_with(text);
    }

    /// `:server VERB params`.
    pub(super) fn bare_server(&mut self, verb: &str, params: &[&str]) {
        self.begin(verb, params);
        self.out.extend_from_slice(b"\r\n");
    }

    /// A standard reply. `context` as the reply's specification names it.
    pub(super) fn fail(&mut self, verb: &str, code: &str, context: &[&str], text: &str) {
        self.standard("FAIL", verb, code, context, text);
    }

    /// The same that only warns.
    pub(super) fn warn(&mut self, verb: &str, code: &str, context: &[&str], text: &str) {
        self.standard("WARN", verb, code, context, text);
    }

    fn standard(&mut self, kind: &str, verb: &str, code: &str, context: &[&str], text: &str) {
        self.begin(kind, &[verb, code]);
        self.push_params(context);
        self.end_with(text);
    }

    /// Lines that belong together, for whoever knows batches; else as they are.
    pub(super) fn batch(&mut self, name: &str, kind: &str, params: &[&str], lines: &[u8]) {
        if !self.caps.has(Cap::Batch) {
            self.out.extend_from_slice(lines);
            return;
        }
        self.begin("BATCH", &[&format_smolstr!("+{name}"), kind]);
        self.push_params(params);
        self.out.extend_from_slice(b"\r\n");
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            push_tagged(line, &format_smolstr!("batch={name}"), self.out);
        }
        self.bare_server("BATCH", &[&format_smolstr!("-{name}")]);
    }

    pub(super) fn begin_numeric(&mut self, code: u16, params: &[&str]) {
        let nick = self.nick;
        self.begin(&format_smolstr!("{code:03}"), &[nick]);
        self.push_params(params);
    }

    fn begin(&mut self, verb: &str, params: &[&str]) {
        self.out.push(b':');
        self.out
            .extend_from_slice(self.facts.server_name.as_bytes());
        self.out.push(b' ');
        self.out.extend_from_slice(verb.as_bytes());
        self.push_params(params);
    }

    fn push_params(&mut self, params: &[&str]) {
        push_params(params, self.out);
    }

    pub(super) fn end_with(&mut self, text: &str) {
        push_text(text, self.out);
    }
}

/// Who says or does something, as `nick!user@host`.
pub(super) struct Source<'a> {
    pub(super) nick: &'a str,
    /// `None` for one of whom nothing is known any more.
    pub(super) persona: Option<&'a Persona>,
}

impl Source<'_> {
    pub(super) fn write(&self, facts: &Facts, out: &mut Vec<u8>) {
        let (username, host) = self.beside_nick(facts);
        for piece in [self.nick, "!", username, "@", host] {
            out.extend_from_slice(piece.as_bytes());
        }
    }

    /// How long it is.
    pub(super) fn bytes(&self, facts: &Facts) -> usize {
        let (username, host) = self.beside_nick(facts);
        self.nick.len() + username.len() + host.len() + 2
    }

    fn beside_nick<'a>(&'a self, facts: &'a Facts) -> (&'a str, &'a str) {
        match self.persona {
            Some(persona) => (&persona.username, &persona.host),
            None => (Persona::USERNAME, &facts.server_name),
        }
    }

    pub(super) fn text(&self, facts: &Facts) -> SmolStr {
        let mut out = Vec::new();
        self.write(facts, &mut out);
        String::from_utf8_lossy(&out).into()
    }
}

/// The beginning of one line: its tags, its source, its verb.
pub(super) struct Head<'a> {
    pub(super) caps: Caps,
    pub(super) stamp: &'a Stamp,
    /// Whether the line shows its own message id.
    pub(super) has_msgid: bool,
    pub(super) source: Source<'a>,
    /// The server instead of `source`.
    pub(super) is_server: bool,
    /// Tags of the client that said it.
    pub(super) client_tags: Option<&'a str>,
    pub(super) batch: Option<&'a str>,
    pub(super) verb: &'a str,
}

impl Head<'_> {
    /// Up to the verb, without the space behind it.
    pub(super) fn write(&self, facts: &Facts, out: &mut Vec<u8>) {
        let begin = out.len();
        let persona = self.source.persona.filter(|_| !self.is_server);
        if let Some(batch) = self.batch {
            push_tag("batch", batch, begin, out);
        }
        if self.caps.has(Cap::ServerTime) {
            push_tag("time", self.stamp.time(), begin, out);
        }
        if self.caps.has(Cap::MessageTags) && self.has_msgid {
            push_tag("msgid", self.stamp.msgid(), begin, out);
        }
        if let Some(account) = persona.and_then(|it| it.account.as_ref())
            && self.caps.has(Cap::AccountTag)
        {
            push_tag("account", account.as_str(), begin, out);
        }
        if persona.is_some_and(|it| it.is_bot) && self.caps.has(Cap::MessageTags) {
            push_tag("bot", "", begin, out);
        }
        if let Some(tags) = self.client_tags
            && self.caps.has(Cap::MessageTags)
        {
            push_tag(tags, "", begin, out);
        }
        if out.len() > begin {
            out.push(b' ');
        }
        out.push(b':');
        if self.is_server {
            out.extend_from_slice(facts.server_name.as_bytes());
        } else {
            self.source.write(facts, out);
        }
        out.push(b' ');
        out.extend_from_slice(self.verb.as_bytes());
    }
}

/// Appends a tag to a line that begins at `begin`. No value of ours needs an escape.
fn push_tag(name: &str, value: &str, begin: usize, out: &mut Vec<u8>) {
    out.push(if out.len() == begin { b'@' } else { b';' });
    out.extend_from_slice(name.as_bytes());
    if !value.is_empty() {
        out.push(b'=');
        out.extend_from_slice(value.as_bytes());
    }
}

/// A line with one more tag.
pub(super) fn push_tagged(line: &[u8], tag: &str, out: &mut Vec<u8>) {
    out.push(b'@');
    out.extend_from_slice(tag.as_bytes());
    match line.strip_prefix(b"@") {
        Some(rest) => {
            out.push(b';');
            out.extend_from_slice(rest);
        }
        None => {
            out.push(b' ');
            out.extend_from_slice(line);
        }
    }
}

pub(super) fn push_params(params: &[&str], out: &mut Vec<u8>) {
    for param in params {
        out.push(b' ');
        out.extend_from_slice(param.as_bytes());
    }
}

/// What stands behind `JOIN`: the room, for who wants that the account and the realname of who joins, and the end.
pub(super) fn push_joined(room: &str, persona: Option<&Persona>, caps: Caps, out: &mut Vec<u8>) {
    push_params(&[room], out);
    if caps.has(Cap::ExtendedJoin) {
        let account = persona.and_then(|it| it.account.as_ref());
        push_params(&[account.map_or("*", Nick::as_str)], out);
        push_text(persona.map_or("", |it| &it.realname), out);
    } else {
        out.extend_from_slice(b"\r\n");
    }
}

/// The last param and the line's end.
pub(super) fn push_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b" :");
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// As [`push_text`], cut to fit in the line that begins at `begin`.
pub(super) fn push_fitting_text(text: &str, begin: usize, out: &mut Vec<u8>) {
    let line = &out[begin..];
    let is_tagged = line.first() == Some(&b'@');
    let space = line.iter().position(|&byte| byte == b' ');
    let tags = space.filter(|_| is_tagged).map_or(0, |space| space + 1);
    let most = (LINE_BYTES_MAX - " :\r\n".len()).saturating_sub(line.len() - tags);
    let end = text.floor_char_boundary(most);
    push_text(&text[..end], out);
}

/// The pieces of a text that fit in a line each behind `head_bytes`: its own lines, cut at `cuts` (bytes of the text
/// before each), long ones cut between characters, where there is one at a space.
pub(super) fn pieces<'a>(text: &'a str, cuts: &[u32], head_bytes: usize) -> Vec<Piece<'a>> {
    let most = (LINE_BYTES_MAX - 2)
        .saturating_sub(head_bytes)
        .max(PIECE_BYTES_MIN);
    let mut cuts = cuts.iter().map(|&cut| cut as usize).peekable();
    let mut pieces = Vec::new();
    let mut begin = 0;
    for line in text.split('\n') {
        let end = begin + line.len();
        let mut from = begin;
        while from <= end {
            while cuts.next_if(|&cut| cut <= from).is_some() {}
            let upto = cuts.next_if(|&cut| cut < end && text.is_char_boundary(cut));
            let upto = upto.unwrap_or(end);
            cut_up(&text[from..upto], most, from > begin, &mut pieces);
            from = if upto == end { end + 1 } else { upto };
        }
        begin = end + 1;
    }
    pieces
}

fn cut_up<'a>(text: &'a str, most: usize, continues: bool, pieces: &mut Vec<Piece<'a>>) {
    let mut continues = continues;
    let mut rest = Some(text);
    while let Some(text) = rest {
        let piece;
        (piece, rest) = cut(text, most);
        pieces.push(Piece {
            text: piece,
            continues,
        });
        continues = true;
    }
}

/// One line of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// Whether it goes on where the one before was cut.
    pub(super) continues: bool,
}

fn cut(line: &str, most: usize) -> (&str, Option<&str>) {
    if line.len() <= most {
        return (line, None);
    }
    let end = line.floor_char_boundary(most);
    // A word that takes up half of the line is cut all the same.
    let at = match line[..end].rfind(' ') {
        Some(space) if space >= most / 2 => space + 1,
        Some(_) | None => end,
    };
    let (piece, rest) = line.split_at(at);
    (piece, Some(rest))
}

/// However long nick, host and target are, that much of a text stands in a line.
const PIECE_BYTES_MIN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_up(text: &str, head_bytes: usize) -> Vec<(&str, bool)> {
        let pieces = pieces(text, &[], head_bytes);
        pieces.iter().map(|it| (it.text, it.continues)).collect()
    }

    #[test]
    fn a_text_is_cut_at_its_lines() {
        assert_eq!(
            cut_up("a\n\nb", 100),
            [("a", false), ("", false), ("b", false)]
        );
    }

    #[test]
    fn a_line_is_cut_where_its_client_cut_it() {
        let cut_at = |cuts: &[u32]| -> Vec<(&str, bool)> {
            let pieces = pieces("one two\nsix", cuts, 100);
            pieces.iter().map(|it| (it.text, it.continues)).collect()
        };
        let whole = [("one two", false), ("six", false)];
        let halves = [("one ", false), ("two", true), ("six", false)];
        assert_eq!(cut_at(&[4]), halves);
        assert_eq!(cut_at(&[4, 4, 9]).len(), 4);
        for nowhere in [&[][..], &[0], &[7], &[8], &[99], &[u32::MAX]] {
            assert_eq!(cut_at(nowhere), whole, "{nowhere:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_at_spaces_and_never_in_a_character() {
        let words = "wörter ".repeat(100);
        let pieces = cut_up(&words, 110);
        assert!(pieces.iter().all(|(text, _)| text.len() <= 400));
        assert!(pieces.iter().all(|(text, _)| text.ends_with(' ')));
        assert_eq!(
            pieces.iter().map(|&(text, _)| text).collect::<String>(),
            words
        );
        assert!(!pieces[0].1 && pieces[1].1);
        let snow = "☃".repeat(500);
        let pieces = cut_up(&snow, 111);
        assert_eq!(
            pieces.iter().map(|&(text, _)| text).collect::<String>(),
            snow
        );
        assert_eq!(pieces[0].0.len(), 399);
    }
}
