//! A text that proves who somebody is, on its way: written to the wire and never printed.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// A password, a token or an invitation.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Hidden<'a>(pub Cow<'a, str>);

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}
