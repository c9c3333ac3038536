//! What a client says about its message to other clients, as IRC's client-only tags, and which of it is kept.

use std::borrow::Cow;
use std::sync::Arc;

/// `+name=value;+name`, values escaped; at most [`Tags::MAX_BYTES`] bytes. The hub looks at names only. With them
/// goes where the client has cut a line that is one line to everybody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags {
    written: Arc<str>,
    /// Bytes of the text before each cut, rising.
    cuts: Option<Arc<[u32]>>,
}

impl Tags {
    /// Longest, in bytes.
    pub const MAX_BYTES: usize = 4094;

    /// `None` when `text` is empty, longer than [`Self::MAX_BYTES`], or cannot stand in a line.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        let is_one_word = !text.contains(|it: char| it.is_control() || it == ' ');
        (fits && is_one_word).then(|| Self {
            written: text.into(),
            cuts: None,
        })
    }

    /// Tags, if any, of a text that its client has cut so; `None` where there is neither.
    #[must_use]
    pub fn with_cuts(tags: Option<Self>, cuts: &[u32]) -> Option<Self> {
        if cuts.is_empty() {
            return tags;
        }
        Some(Self {
            written: tags.map_or_else(|| "".into(), |tags| tags.written),
            cuts: Some(cuts.into()),
        })
    }

    /// Empty where there are only cuts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// What they say to who reads them: with all escapes undone.
    #[must_use]
    pub fn as_said(&self) -> Cow<'_, str> {
        unescape(&self.written)
    }

    /// Where its client has cut the text: bytes before each cut.
    #[must_use]
    pub fn cuts(&self) -> &[u32] {
        self.cuts.as_deref().unwrap_or_default()
    }

    /// A tag's value as written, empty where it has none; `None` without the tag. `name` with its `+`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(its, _)| *its == name)
            .map(|(_, value)| value)
    }

    /// Whether they are kept also where nothing is said beside them: an answer or a reaction to a message, and
    /// what asks to be kept. That somebody is typing never is.
    #[must_use]
    pub fn do_last(&self) -> bool {
        self.iter().any(|(name, _)| LASTING.contains(&name))
    }

    /// What of them is kept with a message.
    #[must_use]
    pub fn kept(&self) -> Option<Self> {
        if !self.iter().any(|(name, _)| FLEETING.contains(&name)) {
            return Self::new(&self.written);
        }
        let tags = self.written.split(';');
        let kept = tags.filter(|tag| {
            let name = tag.split_once('=').map_or(*tag, |(name, _)| name);
            !FLEETING.contains(&name)
        });
        Self::new(&kept.collect::<Vec<_>>().join(";"))
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let tags = self.written.split(';').filter(|tag| !tag.is_empty());
        tags.map(|tag| tag.split_once('=').unwrap_or((tag, "")))
    }
}

/// A value with its escapes undone.
#[must_use]
pub fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some(':') => plain.push(';'),
            Some('s') => plain.push(' '),
            Some('r') => plain.push('\r'),
            Some('n') => plain.push('\n'),
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Cow::Owned(plain)
}

/// Which message an answer or a reaction is about.
pub const REPLY: [&str; 2] = ["+draft/reply", "+reply"];
pub const REACT: &str = "+draft/react";
pub const UNREACT: &str = "+draft/unreact";

const LASTING: [&str; 5] = [REACT, UNREACT, REPLY[0], REPLY[1], "+draft/persist"];
const FLEETING: [&str; 2] = ["+typing", "+draft/typing"];

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Option<String> {
        let kept = Tags::new(text).unwrap().kept()?;
        Some(kept.as_str().to_owned())
    }

    #[test]
    fn typing_is_never_kept() {
        assert_eq!(kept("+typing=active"), None);
        assert_eq!(kept("+a=1;+draft/typing;+b").as_deref(), Some("+a=1;+b"));
        assert_eq!(kept("+a=1").as_deref(), Some("+a=1"));
        let lasts = |text| Tags::new(text).unwrap().do_last();
        assert!(lasts("+a;+draft/react=x") && lasts("+reply=1") && lasts("+draft/persist"));
        assert!(!lasts("+typing=active") && !lasts("+a;+reply-not"));
    }

    #[test]
    fn cuts_need_no_tags() {
        let cut = Tags::with_cuts(None, &[3]).unwrap();
        assert_eq!((cut.as_str(), cut.cuts(), cut.kept()), ("", &[3][..], None));
        assert_eq!(Tags::with_cuts(None, &[]), None);
        let both = Tags::with_cuts(Tags::new("+a=1"), &[3]).unwrap();
        assert_eq!((both.value("+a"), both.value("+b")), (Some("1"), None));
        assert_eq!(both.kept(), Tags::new("+a=1"));
    }
}
