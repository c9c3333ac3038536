//! What is asked and answered, in JSON. An answer that is anything but clear is none.

use std::io;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Claimed;

/// Longest answer, in bytes.
pub(super) const ANSWER_BYTES_MAX: usize = 4096;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("cannot be started: {0}")]
    NotStarted(io::Error),
    #[error("cannot be reached: {0}")]
    NotReached(io::Error),
    #[error("did not answer in time")]
    TookTooLong,
    #[error("broke off")]
    BrokeOff,
    #[error("ended with exit code {0} instead of 0")]
    ExitCode(i32),
    #[error("was ended by signal {0}")]
    Signal(i32),
    #[error("answered with HTTP status {0} instead of 200")]
    Status(u16),
    #[error("answered with more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error("answered with something else than {{\"ok\":true}} or {{\"ok\":false}}")]
    NoAnswer,
}

#[derive(Serialize)]
struct Question<'a> {
    account: &'a str,
    password: &'a str,
    address: &'a str,
}

/// Other fields are for whoever reads them.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
}

/// One line.
pub(super) fn question(claimed: &Claimed) -> Zeroizing<Vec<u8>> {
    let question = Question {
        account: &claimed.account,
        password: claimed.password.reveal(),
        address: &claimed.address,
    };
    let texts = question.account.len() + question.password.len() + question.address.len();
    // Room for all of it at once, each character escaped: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(6 * texts + 64));
    serde_json::to_writer(&mut *bytes, &question).expect("texts are always JSON");
    bytes.push(b'\n');
    bytes
}

/// Whether the password is right.
pub(super) fn verdict(answer: &[u8]) -> Result<bool, Trouble> {
    let answer: Answer = serde_json::from_slice(answer).map_err(|_| Trouble::NoAnswer)?;
    Ok(answer.ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::secret::Secret;

    #[test]
    fn only_a_clear_answer_is_one() {
        assert!(verdict(br#"{"ok":true}"#).unwrap());
        assert!(!verdict(b" {\"ok\":false,\"why\":\"expired\"}\n").unwrap());
        for bad in [
            "",
            "true",
            "ok",
            r#"{"ok":1}"#,
            r#"{"ok":"true"}"#,
            r#"{"ok":null}"#,
            r#"{"OK":true}"#,
            r#"{"ok":true,"ok":false}"#,
            r#"{"ok":true}{"ok":true}"#,
            r#"{"ok":true"#,
        ] {
            assert!(verdict(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_question_is_one_line_whatever_the_password_is() {
        let claimed = Claimed {
            account: "ana".to_owned(),
            password: Secret::new("a\"b\\c\nd").unwrap(),
            address: "unix".to_owned(),
        };
        let bytes = question(&claimed);
        let (last, line) = bytes.split_last().unwrap();
        assert!(*last == b'\n' && !line.contains(&b'\n'));
        let read: serde_json::Value = serde_json::from_slice(line).unwrap();
        assert_eq!(read["password"], "a\"b\\c\nd");
    }
}
