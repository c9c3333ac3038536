//! `--set KEY=VALUE` of the command line, taken apart into the same raw form as a line of the file,
//! so that the same checks judge it.

use super::file::{Form, RawEntry, RawSection, parse_unquoted};
use super::problem::{Place, Problem};

/// Takes one argument apart: `limits.rate=5`, `listen[0].port=0`, `server.motd=Hello there`.
///
/// # Errors
/// What is wrong with its form.
pub(super) fn parse(argument: &str) -> Result<RawSection, Problem> {
    let wrong = |text: &str| {
        let key = argument.split('=').next().unwrap_or_default().trim();
        let key: String = key.chars().take(60).collect();
        Problem::new(Place::Set, key.escape_debug().to_string(), text)
    };
    let (path, value) = argument
        .split_once('=')
        .ok_or_else(|| wrong("has no value; write --set KEY=VALUE"))?;
    let (section, key) = path
        .trim()
        .rsplit_once('.')
        .ok_or_else(|| wrong("a key is written section.key, such as limits.rate"))?;
    let (name, form) = match section.split_once('[') {
        None => (section, Form::Table),
        Some((name, index)) => {
            let index = index
                .strip_suffix(']')
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(|| wrong("a listener is written listen[0], listen[1] and so on"))?;
            (name, Form::Item(index))
        }
    };
    Ok(RawSection {
        name: name.to_owned(),
        form,
        place: Place::Set,
        entries: vec![RawEntry {
            key: key.to_owned(),
            key_place: Place::Set,
            value: parse_unquoted(value),
            value_place: Place::Set,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::super::file::RawValue;
    use super::*;

    fn entry(argument: &str) -> (String, Form, String, RawValue) {
        let mut section = parse(argument).unwrap();
        let entry = section.entries.pop().unwrap();
        (section.name, section.form, entry.key, entry.value)
    }

    #[test]
    fn a_section_a_key_and_a_value() {
        let (section, form, key, value) = entry("server.motd=Hello = there");
        assert_eq!((section.as_str(), key.as_str()), ("server", "motd"));
        assert_eq!(form, Form::Table);
        assert_eq!(value, RawValue::Text("Hello = there".to_owned()));
    }

    #[test]
    fn a_listener_by_its_number() {
        let (section, form, key, value) = entry("listen[1].port=0");
        assert_eq!((section.as_str(), key.as_str()), ("listen", "port"));
        assert_eq!(form, Form::Item(1));
        assert_eq!(
            value,
            RawValue::Unquoted {
                text: "0".to_owned(),
                value: Box::new(RawValue::Integer(0))
            }
        );
    }

    #[test]
    fn quotes_are_allowed_and_taken_off() {
        assert_eq!(
            entry("server.name=\"den\"").3,
            RawValue::Text("den".to_owned())
        );
    }

    #[test]
    fn what_has_no_form_is_refused_with_the_right_one() {
        let refused = |argument| parse(argument).unwrap_err().line(None);
        assert_eq!(
            refused("limits.rate"),
            "--set limits.rate: has no value; write --set KEY=VALUE"
        );
        assert_eq!(
            refused("rate=5"),
            "--set rate: a key is written section.key, such as limits.rate"
        );
        assert_eq!(
            refused("listen[x].port=5"),
            "--set listen[x].port: a listener is written listen[0], listen[1] and so on"
        );
    }
}
