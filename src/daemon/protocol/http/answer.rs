//! Answers to requests: always the last word on their connection, so that nothing need be said of its length in
//! more than one way.

use chrono::DateTime;

use crate::hub::time::UnixMillis;

/// An answer with a short text for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    status: Status,
    text: String,
    /// Beside those that every answer has.
    header: Option<(&'static str, &'static str)>,
}

type Status = (u16, &'static str);

impl Answer {
    /// What was asked for.
    pub(super) fn ok(text: String) -> Self {
        Self::new((200, "OK"), text)
    }

    /// It makes no sense.
    pub(super) fn bad(why: &str) -> Self {
        Self::new((400, "Bad Request"), why.to_owned())
    }

    /// A page of there may not connect.
    pub(super) fn foreign() -> Self {
        let text = "Pages of this origin may not connect here; see [http] origins of the server.";
        Self::new((403, "Forbidden"), text.to_owned())
    }

    pub(super) fn not_found() -> Self {
        let text = "There is nothing here. IRC over WebSocket is spoken on every path.";
        Self::new((404, "Not Found"), text.to_owned())
    }

    pub(super) fn wrong_method() -> Self {
        let text = "Nothing can be sent here but GET and HEAD.".to_owned();
        Self {
            header: Some(("Allow", "GET, HEAD")),
            ..Self::new((405, "Method Not Allowed"), text)
        }
    }

    /// The connection is not to become a WebSocket of the one version that there is, and must.
    pub(super) fn upgrade_required(header: (&'static str, &'static str)) -> Self {
        let text = "This needs WebSocket, version 13, by HTTP/1.1.".to_owned();
        Self {
            header: Some(header),
            ..Self::new((426, "Upgrade Required"), text)
        }
    }

    pub(super) fn too_large() -> Self {
        let text = "This request is too long.".to_owned();
        Self::new((431, "Request Header Fields Too Large"), text)
    }

    /// The server ends the connection before there was a request.
    pub(super) fn closed(status: Status, text: String) -> Self {
        Self::new(status, text)
    }

    fn new(status: Status, text: String) -> Self {
        Self {
            status,
            text,
            header: None,
        }
    }

    /// Its number.
    pub(super) fn status(&self) -> u16 {
        self.status.0
    }

    /// Appends it, without its text where only the head was asked for.
    pub(super) fn write(&self, now: UnixMillis, is_head: bool, out: &mut Vec<u8>) {
        let (status, reason) = self.status;
        let mut text = format!("HTTP/1.1 {status} {reason}\r\n");
        if let Some(date) = date(now) {
            text.push_str(&format!("Date: {date}\r\n"));
        }
        if let Some((name, value)) = self.header {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!(
            "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.text.len() + 1
        ));
        if !is_head {
            text.push_str(&self.text);
            text.push('\n');
        }
        out.extend_from_slice(text.as_bytes());
    }
}

/// RFC 9110, section 5.6.7.
fn date(now: UnixMillis) -> Option<impl std::fmt::Display> {
    let at = DateTime::from_timestamp_millis(i64::try_from(now.0).ok()?)?;
    Some(at.format("%a, %d %b %Y %H:%M:%S GMT"))
}
