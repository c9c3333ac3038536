//! The JSON chat protocol's own dialect (`hello`, `v` 1) as plain data: what clients send (`client.rs`)
//! and what the server sends (`server.rs`). `docs/chat-protocol.md` is its description for client
//! authors. The old dialect's objects live with its only user, `daemon/protocol/chat/old.rs`.
//!
//! A client writes [`ClientMessage`] and reads [`ServerMessage`] with serde. The server reads with
//! [`ClientBody::from_fields`], which can say what is wrong with which field.

mod asked;
mod client;
mod server;
mod told;

pub use asked::{Bounds, Credentials, RuleAbout};
pub use client::{ClientBody, ClientMessage, id_from_fields};
pub use server::ServerMessage;
pub use told::{Kept, Limits, Re, RoleOf, Room, Rule, Setting, UnreadCount};

use serde::{Deserialize, Serialize};

use super::fields::{Field, Fields, RequestError};

/// Longest object that a client may send, in bytes, where a text may have `message_bytes`: every byte
/// of the text escaped as `\u00XX`, and a kibibyte for what stands around it.
#[must_use]
pub const fn object_bytes_max(message_bytes: usize) -> usize {
    message_bytes * 6 + 1024
}

/// The version that `hello` asks for and `welcome` confirms.
pub const VERSION: u32 = 1;

/// Longest `id` of a request, in bytes.
pub const ID_BYTES_MAX: usize = 64;

/// How a message is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Text,
    Action,
    Notice,
}

impl Kind {
    fn from_fields(fields: &mut Fields<'_>) -> Result<Self, RequestError> {
        match fields.text_if_any(Field::Kind)?.as_deref() {
            None | Some("text") => Ok(Self::Text),
            Some("action") => Ok(Self::Action),
            Some("notice") => Ok(Self::Notice),
            Some(_) => Err(RequestError::WrongType {
                field: Field::Kind,
                expected: "`text`, `action` or `notice`",
            }),
        }
    }

    fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_yes(value: &bool) -> bool {
    *value
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_no(value: &bool) -> bool {
    !*value
}

fn is_none_of_them(count: &usize) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
