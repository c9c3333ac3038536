//! One JSON object as flat fields, read in a single pass and borrowed from the text where it can be.
//! It knows the names that requests of either dialect use and ignores all others; which of them a
//! request needs, and of what type, is asked afterwards, so that an error can name the field.

use std::borrow::Cow;
use std::fmt;
use std::mem;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Makes [`Field`] of one table: a field's name here and in an object.
macro_rules! fields {
    ($($field:ident $name:literal,)*) => {
        /// The fields that some request has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field {
            $($field,)*
        }

        impl Field {
            const ALL: &[Self] = &[$(Self::$field,)*];

            /// As it is written in the object.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                }
            }
        }
    };
}

fields! {
    Account "account",
    After "after",
    Around "around",
    Before "before",
    Certificate "certificate",
    Client "client",
    ClientMsgid "client_msgid",
    Echo "echo",
    Effect "effect",
    Enter "enter",
    Evicts "evicts",
    From "from",
    Id "id",
    Invitation "invitation",
    Key "key",
    Kind "kind",
    Last "last",
    Lasts "lasts_s",
    Limit "limit",
    Msg "msg",
    Msgid "msgid",
    New "new",
    Nick "nick",
    Nickname "nickname",
    Of "of",
    Old "old",
    On "on",
    Password "password",
    Reason "reason",
    Resume "resume",
    Role "role",
    Room "room",
    Setting "setting",
    Since "since",
    Subject "subject",
    Text "text",
    To "to",
    Token "token",
    Type "type",
    Upto "upto",
    V "v",
    Value "value",
    Words "words",
}

impl Field {
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

/// Why an object is no request, as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not JSON; the parser's own words.
    #[error("The object is not valid JSON: {0}.")]
    NotJson(String),
    /// A field that this request needs is not there, or is `null`.
    #[error("The field `{}` is missing.", .0.name())]
    Missing(Field),
    /// A field that this request uses has another type or value than it may have.
    #[error("The field `{}` must be {expected}.", .field.name())]
    WrongType {
        field: Field,
        expected: &'static str,
    },
    /// A field that this request uses is there more than once.
    #[error("The field `{}` is there more than once.", .0.name())]
    Twice(Field),
    /// There is no request of this type; the name is cut to 64 characters.
    #[error("There is no request of the type `{0}`.")]
    UnknownType(String),
}

impl RequestError {
    /// The stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "bad_json",
            Self::Missing(_) | Self::WrongType { .. } | Self::Twice(_) => "bad_request",
            Self::UnknownType(_) => "unknown_type",
        }
    }

    /// No request has this type.
    #[must_use]
    pub fn unknown_type(name: &str) -> Self {
        Self::UnknownType(name.chars().take(64).collect())
    }
}

/// The known fields of one object. Each can be taken once.
#[derive(Debug)]
pub struct Fields<'a> {
    slots: [Slot<'a>; Field::ALL.len()],
}

/// What stands under one name.
#[derive(Debug, Default)]
enum Slot<'a> {
    /// Nothing, or `null`.
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Truth(bool),
    Number(u64),
    /// A list, an object, a negative number or a fraction: no field of the protocol has such a value.
    Other,
    Twice,
}

impl<'a> Fields<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// [`RequestError::NotJson`] and no other.
    pub fn parse(object: &'a str) -> Result<Self, RequestError> {
        let mut parser = serde_json::Deserializer::from_str(object);
        let fields = parser.deserialize_map(ObjectVisitor);
        fields
            .and_then(|fields| parser.end().map(|()| fields))
            .map_err(|error| RequestError::NotJson(error.to_string()))
    }

    /// The object's `type`, without taking it; `None` when it is not one text.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        match &self.slots[Field::Type as usize] {
            Slot::Text(kind) => Some(kind),
            Slot::Absent | Slot::Truth(_) | Slot::Number(_) | Slot::Other | Slot::Twice => None,
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// A [`RequestError`] that names the field.
    pub fn text(&mut self, field: Field) -> Result<Cow<'a, str>, RequestError> {
        self.text_if_any(field)?.ok_or(RequestError::Missing(field))
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// A [`RequestError`] that names the field.
    pub fn text_if_any(&mut self, field: Field) -> Result<Option<Cow<'a, str>>, RequestError> {
        match mem::take(&mut self.slots[field as usize]) {
            Slot::Absent => Ok(None),
            Slot::Text(text) => Ok(Some(text)),
            Slot::Twice => Err(RequestError::Twice(field)),
            Slot::Truth(_) | Slot::Number(_) | Slot::Other => Err(RequestError::WrongType {
                field,
                expected: "a string",
            }),
        }
    }

    /// `true` or `false`, if any.
    ///
    /// # Errors
    /// A [`RequestError`] that names the field.
    pub fn truth_if_any(&mut self, field: Field) -> Result<Option<bool>, RequestError> {
        match mem::take(&mut self.slots[field as usize]) {
            Slot::Absent => Ok(None),
            Slot::Truth(truth) => Ok(Some(truth)),
            Slot::Twice => Err(RequestError::Twice(field)),
            Slot::Text(_) | Slot::Number(_) | Slot::Other => Err(RequestError::WrongType {
                field,
                expected: "true or false",
            }),
        }
    }

    /// A whole number that must be there.
    ///
    /// # Errors
    /// A [`RequestError`] that names the field.
    pub fn number(&mut self, field: Field) -> Result<u64, RequestError> {
        let number = self.number_if_any(field)?;
        number.ok_or(RequestError::Missing(field))
    }

    /// A whole number, if any.
    ///
    /// # Errors
    /// A [`RequestError`] that names the field.
    pub fn number_if_any(&mut self, field: Field) -> Result<Option<u64>, RequestError> {
        match mem::take(&mut self.slots[field as usize]) {
            Slot::Absent => Ok(None),
            Slot::Number(number) => Ok(Some(number)),
            Slot::Twice => Err(RequestError::Twice(field)),
            Slot::Text(_) | Slot::Truth(_) | Slot::Other => Err(RequestError::WrongType {
                field,
                expected: "a whole number",
            }),
        }
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut slots: [Slot<'de>; Field::ALL.len()] = std::array::from_fn(|_| Slot::default());
        while let Some(field) = map.next_key_seed(NameSeed)? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value_seed(SlotSeed)?;
            let slot = &mut slots[field as usize];
            *slot = match slot {
                Slot::Absent => value,
                Slot::Text(_) | Slot::Truth(_) | Slot::Number(_) | Slot::Other | Slot::Twice => {
                    Slot::Twice
                }
            };
        }
        Ok(Fields { slots })
    }
}

/// Reads a name without keeping it; `None` when no request has such a field.
struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Option<Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Field::from_name(name))
    }
}

struct SlotSeed;

impl<'de> DeserializeSeed<'de> for SlotSeed {
    type Value = Slot<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SlotSeed {
    type Value = Slot<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Slot::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Slot::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Slot::Truth(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Slot::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Slot::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Slot::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Slot::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Slot::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Slot::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_field() {
        for (index, field) in Field::ALL.iter().copied().enumerate() {
            assert_eq!(field as usize, index);
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
    }

    #[test]
    fn plain_texts_are_borrowed_and_escaped_ones_decoded() {
        let object = r#"{"to":"ana","te\u0078t":"a\nb","more":[{"to":1}]}"#;
        let mut fields = Fields::parse(object).unwrap();
        assert!(matches!(fields.text(Field::To), Ok(Cow::Borrowed("ana"))));
        assert_eq!(fields.text(Field::Text).unwrap(), "a\nb");
        assert_eq!(
            fields.text(Field::Room),
            Err(RequestError::Missing(Field::Room))
        );
    }

    #[test]
    fn errors_name_the_field() {
        let object = r#"{"to":1,"nick":"a","nick":"b","on":"yes","v":-1,"room":null,"text":{}}"#;
        let mut fields = Fields::parse(object).unwrap();
        let said = [
            fields.text(Field::To).unwrap_err(),
            fields.text_if_any(Field::Nick).unwrap_err(),
            fields.truth_if_any(Field::On).unwrap_err(),
            fields.number(Field::V).unwrap_err(),
            fields.text(Field::Room).unwrap_err(),
            fields.text(Field::Text).unwrap_err(),
        ]
        .map(|error| error.to_string());
        assert_eq!(
            said,
            [
                "The field `to` must be a string.",
                "The field `nick` is there more than once.",
                "The field `on` must be true or false.",
                "The field `v` must be a whole number.",
                "The field `room` is missing.",
                "The field `text` must be a string.",
            ]
        );
    }

    #[test]
    fn a_name_that_is_no_field_may_be_there_twice() {
        assert!(Fields::parse(r#"{"x":1,"x":[],"y":{"to":1}}"#).is_ok());
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for wrong in ["{", "{]", "{\"to\"}", "{\"to\":\"\\ud800\"}", "{}{}", "[]"] {
            let error = Fields::parse(wrong).unwrap_err();
            assert!(
                matches!(error, RequestError::NotJson(_)),
                "{wrong}: {error}"
            );
        }
    }
}
