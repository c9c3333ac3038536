//! Why an object is turned away before the hub sees it: it is no object, no request, or names
//! nothing. Each complaint has a stable code beside its sentence, as the hub's refusals have.

use std::borrow::Cow;

use super::{old, v1};
use crate::daemon::protocol::sentence;
use crate::daemon::protocol::{Facts, Incoming};
use crate::hub::id::RequestId;
use crate::hub::refusal::Refusal;
use crate::wire::chat::{Re, ServerMessage, VERSION};
use crate::wire::fields::RequestError;
use crate::wire::frame::FrameError;

/// Why an object is not passed on to the hub.
pub(super) struct Complaint {
    code: &'static str,
    text: Cow<'static, str>,
}

impl Complaint {
    /// For an old client: a word of the server.
    pub(super) fn to_old(&self, facts: &Facts) -> Incoming {
        let mut answer = Vec::new();
        old::write_system(facts, &self.text, &mut answer);
        Incoming::Fault(answer)
    }

    /// For every other client: an error, with the request's id where it could be read. An old
    /// client that has not logged in yet finds a type that it does not know, and ignores it.
    pub(super) fn to_v1(&self, request: Option<&RequestId>) -> Incoming {
        let error = ServerMessage::Error {
            re: Re {
                id: request.map(RequestId::as_str),
            },
            code: self.code,
            text: &*self.text,
            retry_after_ms: None,
        };
        let mut answer = Vec::new();
        v1::write(&error, &mut answer);
        Incoming::Fault(answer)
    }

    pub(super) fn hello_expected() -> Self {
        Self {
            code: "hello_expected",
            text: "Say hello first: {\"type\":\"hello\",\"v\":1,\"nick\":\"…\"}".into(),
        }
    }

    pub(super) fn greeted_already() -> Self {
        Self {
            code: "already_greeted",
            text: "You have said hello already. To change your nick, use `nick`.".into(),
        }
    }

    pub(super) fn unsupported_version() -> Self {
        Self {
            code: "unsupported_version",
            text: format!("This server speaks version {VERSION} and no other.").into(),
        }
    }
}

impl From<RequestError> for Complaint {
    fn from(error: RequestError) -> Self {
        Self {
            code: error.code(),
            text: error.to_string().into(),
        }
    }
}

impl From<FrameError> for Complaint {
    fn from(error: FrameError) -> Self {
        Self {
            code: error.code(),
            text: error.to_string().into(),
        }
    }
}

impl From<Refusal> for Complaint {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: refusal.code(),
            text: sentence::refusal(&refusal).into(),
        }
    }
}
