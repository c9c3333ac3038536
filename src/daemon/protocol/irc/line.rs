//! One line of IRC, taken apart: `@tags :source VERB param param :last param`. It knows the grammar and no verb.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::hub::tags::unescape;

/// A line of a client; what it says of its source is nobody's business and left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// As written, without `@`; empty where there are none.
    tags: &'a str,
    /// As written; letters of any case.
    pub verb: &'a str,
    pub params: SmallVec<[&'a str; 8]>,
}

/// Parameters of one line; what is beyond is part of the last.
const PARAMS_MAX: usize = 15;
/// Tags of one line that are looked at.
const TAGS_MAX: usize = 100;

impl<'a> Line<'a> {
    /// `None` where there is no verb.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim_start_matches(' ');
        let mut tags = "";
        if let Some(tagged) = rest.strip_prefix('@') {
            (tags, rest) = word(tagged);
        }
        if rest.starts_with(':') {
            (_, rest) = word(rest);
        }
        let verb;
        (verb, rest) = word(rest);
        if verb.is_empty() {
            return None;
        }
        let mut params = SmallVec::new();
        while !rest.is_empty() {
            if let Some(last) = rest.strip_prefix(':') {
                params.push(last);
                break;
            }
            if params.len() == PARAMS_MAX - 1 {
                params.push(rest);
                break;
            }
            let param;
            (param, rest) = word(rest);
            params.push(param);
        }
        Some(Self { tags, verb, params })
    }

    /// A parameter that is there and not empty.
    #[must_use]
    pub fn param(&self, index: usize) -> Option<&'a str> {
        let param = self.params.get(index).copied();
        param.filter(|param| !param.is_empty())
    }

    /// A tag's value with its escapes undone; empty where it has none.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<Cow<'a, str>> {
        let named = self.tags().filter(|(its, _)| *its == name);
        named.last().map(|(_, value)| unescape(value))
    }

    /// The tags that clients address to each other, as written. Of a name that stands there twice the last counts.
    #[must_use]
    pub fn client_tags(&self) -> String {
        let mut tags = String::new();
        for (at, (name, value)) in self.tags().enumerate() {
            let is_said_again = || self.tags().skip(at + 1).any(|(later, _)| later == name);
            if !name.starts_with('+') || is_said_again() {
                continue;
            }
            if !tags.is_empty() {
                tags.push(';');
            }
            tags.push_str(name);
            if !value.is_empty() {
                tags.push('=');
                tags.push_str(value);
            }
        }
        tags
    }

    /// Names with their values as written.
    fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let tags = self.tags.split(';').filter(|tag| !tag.is_empty());
        tags.take(TAGS_MAX)
            .map(|tag| tag.split_once('=').unwrap_or((tag, "")))
    }
}

/// The first word, and what comes behind the spaces after it.
fn word(text: &str) -> (&str, &str) {
    match text.split_once(' ') {
        Some((word, rest)) => (word, rest.trim_start_matches(' ')),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (&str, Vec<&str>) {
        let line = Line::parse(text).unwrap();
        (line.verb, line.params.to_vec())
    }

    #[test]
    fn a_line_is_a_verb_and_params() {
        assert_eq!(parsed("PING"), ("PING", vec![]));
        assert_eq!(parsed(":me  JOIN   #a  k "), ("JOIN", vec!["#a", "k"]));
        assert_eq!(
            parsed("PRIVMSG #a :a b :c"),
            ("PRIVMSG", vec!["#a", "a b :c"])
        );
        assert_eq!(parsed("TOPIC #a :"), ("TOPIC", vec!["#a", ""]));
        for nothing in ["", "   ", ":source", "@a=b", "@a=b :source"] {
            assert_eq!(Line::parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn the_fifteenth_param_is_the_rest() {
        let text = format!(
            "V {}",
            (1..=20)
                .map(|it| it.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        );
        let (_, params) = parsed(&text);
        assert_eq!((params.len(), params[14]), (15, "15 16 17 18 19 20"));
    }

    #[test]
    fn tags_are_found_and_unescaped() {
        let line =
            Line::parse(r"@label=a\sb\:\\;+typing=active;x;+draft/reply=1 TAGMSG #a").unwrap();
        assert_eq!(line.tag("label").as_deref(), Some(r"a b;\"));
        assert_eq!(line.tag("x").as_deref(), Some(""));
        assert_eq!(line.tag("y"), None);
        assert_eq!(line.client_tags(), "+typing=active;+draft/reply=1");
        let twice = Line::parse("@+a=1;label=x;+b;label=y;+a=2 TAGMSG #a").unwrap();
        assert_eq!(twice.client_tags(), "+b;+a=2");
        assert_eq!(twice.tag("label").as_deref(), Some("y"));
    }
}
