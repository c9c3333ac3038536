//! From where to where: a message's id or a time, as the API takes them for the bounds of a range.

use super::super::failure::Failure;
use super::failure::bad_request;
use crate::daemon::clock::parse_rfc3339;
use crate::hub::id::MessageId;

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Message(MessageId),
    /// The first id that a message of this time could have.
    Time(MessageId),
}

impl Bound {
    /// Reads an optional bound; `what` names it.
    pub(super) fn read(what: &str, text: Option<&str>) -> Result<Option<Self>, Failure> {
        let Some(text) = text else {
            return Ok(None);
        };
        MessageId::parse(text)
            .map(Self::Message)
            .or_else(|| {
                let at = parse_rfc3339(text)?;
                Some(Self::Time(MessageId::first_at(at.0)))
            })
            .map(Some)
            .ok_or_else(|| {
                bad_request(format!(
                    "{what} must be a msgid, or a time such as 2026-11-24T10:30:00Z"
                ))
            })
    }

    /// Only ids above it are meant: not the message itself, but one of the time itself.
    pub(super) fn after(self) -> MessageId {
        match self {
            Self::Message(id) => id,
            Self::Time(first) => MessageId(first.0.saturating_sub(1)),
        }
    }

    /// Only ids below it are meant.
    pub(super) fn before(self) -> MessageId {
        match self {
            Self::Message(id) | Self::Time(id) => id,
        }
    }

    /// Only ids up to it are meant: the message itself too, but none of the time itself.
    pub(super) fn upto(self) -> MessageId {
        self.after()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_times_has_its_beginning_and_not_its_end() {
        let read = |text: &str| Bound::read("since", Some(text));
        let noon = read("2026-11-24T12:00:00Z").unwrap().unwrap();
        let first = MessageId::first_at(1_795_521_600_000);
        assert_eq!(noon, Bound::Time(first));
        assert!(noon.after() < first && noon.before() == first && noon.upto() < first);
        let message = read(&first.to_string()).unwrap().unwrap();
        assert_eq!((message.after(), message.before()), (first, first));
        assert_eq!(message.upto(), first);
        assert_eq!(Bound::read("since", None), Ok(None));
        assert_eq!(read("yesterday").unwrap_err().code(), "bad_request");
    }
}
