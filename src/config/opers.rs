//! One `[[oper]]` as it was written, and what makes a set of them possible; and passwords of the config, which are
//! held as their SHA-256 and never printed.

use super::field::Field;
use super::notes::Notes;
use crate::hub::fingerprint::Fingerprint;
use crate::hub::oper::{OPERS_MAX, Oper, PasswordHash};
use crate::hub::secret::Secret;

/// One `[[oper]]` as written: what is `None` was left out.
#[derive(Clone, Debug, Default)]
pub(super) struct OperDraft {
    pub(super) name: Option<String>,
    pub(super) password: Option<PasswordHash>,
}

impl From<&Oper> for OperDraft {
    fn from(oper: &Oper) -> Self {
        Self {
            name: Some(oper.name.clone()),
            password: Some(oper.password),
        }
    }
}

/// Turns the drafts into operators, and notes those that are impossible, alone or together.
pub(super) fn check(drafts: &[OperDraft], notes: &mut Notes) -> Vec<Oper> {
    let mut opers: Vec<Oper> = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let here = format!("oper[{index}]");
        if let (Some(name), Some(password)) = (&draft.name, draft.password) {
            let mut before = drafts[..index].iter();
            if let Some(earlier) = before.position(|it| it.name == draft.name) {
                let key = format!("{here}.name");
                let text = format!("is the name of oper[{earlier}] as well");
                notes.problem(&[&key], &key, text);
            }
            let name = name.clone();
            opers.push(Oper { name, password });
        } else if !notes.refused_within(&here) {
            notes.problem(&[&here], &here, "needs both name and password");
        }
    }
    if drafts.len() > OPERS_MAX {
        let last = format!("oper[{}]", drafts.len() - 1);
        let text = format!("is one too many; there may be {OPERS_MAX}");
        notes.problem(&[&last], &last, text);
    }
    opers
}

/// A name that a client can say: one word.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let is_word = !name.contains(|sign: char| sign.is_whitespace() || sign.is_control());
    if (1..=NAME_BYTES_MAX).contains(&name.len()) && is_word && !name.starts_with(':') {
        Ok(())
    } else {
        Err(format!(
            "must be one word of at most {NAME_BYTES_MAX} bytes"
        ))
    }
}

impl Field<String> for Option<String> {
    fn get(&self) -> Self {
        self.clone()
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        *self = Some(value);
        Ok(())
    }
}

/// An empty text is none. Else it is shown as its hash, and may be written so. What is wrong is told without it.
impl Field<String> for Option<PasswordHash> {
    fn get(&self) -> Option<String> {
        Some(self.as_ref().map_or_else(String::new, written))
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        *self = match value.strip_prefix(HASH_PREFIX) {
            Some(digits) => Some(parsed(digits)?),
            None if value.is_empty() => None,
            None => Some(hashed(&value)?),
        };
        Ok(())
    }
}

fn hashed(password: &str) -> Result<PasswordHash, String> {
    // What has a control character cannot be said in a line.
    if Secret::new(password).is_none() || password.contains(char::is_control) {
        let most = Secret::MAX_BYTES;
        return Err(format!(
            "must have at most {most} bytes, and no control characters"
        ));
    }
    Ok(PasswordHash::of(password))
}

fn parsed(digits: &str) -> Result<PasswordHash, String> {
    let hash: Fingerprint = digits
        .parse()
        .map_err(|_| format!("must have 64 hexadecimal digits after {HASH_PREFIX}"))?;
    Ok(PasswordHash(hash.0))
}

fn written(hash: &PasswordHash) -> String {
    format!("{HASH_PREFIX}{}", Fingerprint(hash.0))
}

const HASH_PREFIX: &str = "sha256:";

const NAME_BYTES_MAX: usize = 64;
