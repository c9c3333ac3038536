//! What several requests of a client have in common.

use std::borrow::Cow;

use serde::Serialize;

use super::is_no;
use crate::wire::fields::{Field, Fields, RequestError};
use crate::wire::hidden::Hidden;

/// What proves whose account it is: its name and password, a token, which is some account's, or the certificate
/// that was shown at the beginning of TLS; that may come with a name, which must be its account's then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Credentials<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Hidden<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Hidden<'a>>,
    #[serde(skip_serializing_if = "is_no")]
    pub certificate: bool,
}

impl<'a> Credentials<'a> {
    pub(super) fn from_fields(fields: &mut Fields<'a>) -> Result<Self, RequestError> {
        Ok(Self {
            account: fields.text_if_any(Field::Account)?,
            password: fields.text_if_any(Field::Password)?.map(Hidden),
            token: fields.text_if_any(Field::Token)?.map(Hidden),
            certificate: fields.truth_if_any(Field::Certificate)?.unwrap_or(false),
        })
    }
}

/// Which rule: where it holds, what it does, and whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleAbout<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Cow<'a, str>>,
    pub effect: Cow<'a, str>,
    /// A nick, perhaps with `*` and `?`; an address, perhaps with `/BITS`; `account:NAME`.
    pub subject: Cow<'a, str>,
}

impl<'a> RuleAbout<'a> {
    pub(super) fn from_fields(fields: &mut Fields<'a>) -> Result<Self, RequestError> {
        Ok(Self {
            room: fields.text_if_any(Field::Room)?,
            effect: fields.text(Field::Effect)?,
            subject: fields.text(Field::Subject)?,
        })
    }
}

/// Between what; each is a message id or a time in RFC 3339's form, and not part of what is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bounds<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Cow<'a, str>>,
}

impl<'a> Bounds<'a> {
    pub(super) fn from_fields(fields: &mut Fields<'a>) -> Result<Self, RequestError> {
        Ok(Self {
            before: fields.text_if_any(Field::Before)?,
            after: fields.text_if_any(Field::After)?,
        })
    }
}
