//! One `[[oper]]` as it was written, and what makes a set of them possible; and passwords of the config, which are
//! held as their hashes and never printed.

use std::ops::RangeInclusive;

use super::field::Field;
use super::notes::Notes;
use crate::hub::fingerprint::Fingerprint;
use crate::hub::oper::{OPERS_MAX, Oper, OperPassword, PasswordHash};
use crate::hub::secret::Secret;

/// One `[[oper]]` as written: what is `None` was left out.
#[derive(Clone, Debug, Default)]
pub(super) struct OperDraft {
    pub(super) name: Option<String>,
    pub(super) password: Option<OperPassword>,
}

impl From<&Oper> for OperDraft {
    fn from(oper: &Oper) -> Self {
        Self {
            name: Some(oper.name.clone()),
            password: Some(oper.password.clone()),
        }
    }
}

/// Turns the drafts into operators, and notes those that are impossible, alone or together.
pub(super) fn check(drafts: &[OperDraft], notes: &mut Notes) -> Vec<Oper> {
    let mut opers: Vec<Oper> = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let here = format!("oper[{index}]");
        if let (Some(name), Some(password)) = (&draft.name, &draft.password) {
            let mut before = drafts[..index].iter();
            if let Some(earlier) = before.position(|it| it.name == draft.name) {
                let key = format!("{here}.name");
                let text = format!("is the name of oper[{earlier}] as well");
                notes.problem(&[&key], &key, text);
            }
            let (name, password) = (name.clone(), password.clone());
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

/// As of any password of the config, or Argon2id in PHC's form.
impl Field<String> for Option<OperPassword> {
    fn get(&self) -> Option<String> {
        Some(match self {
            None => String::new(),
            Some(OperPassword::Sha256(hash)) => written(hash),
            Some(OperPassword::Argon2(hash)) => hash.as_ref().to_owned(),
        })
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        *self = if value.starts_with(ARGON2_PREFIX) {
            check_argon2(&value).ok_or(NOT_ARGON2)?;
            Some(OperPassword::Argon2(value.into()))
        } else {
            let mut password: Option<PasswordHash> = None;
            password.put(value)?;
            password.map(OperPassword::Sha256)
        };
        Ok(())
    }
}

/// Whether `$argon2id$v=19$m=…,t=…,p=…$salt$hash` is one that can be compared with, at a price that is borne.
fn check_argon2(text: &str) -> Option<()> {
    argon2::password_hash::phc::PasswordHash::new(text).ok()?;
    let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let mut costs = costs.split(',');
    let mut cost = |name: &str, within: RangeInclusive<u32>| {
        let digits = costs.next()?.strip_prefix(name)?;
        let cost = digits.parse().ok().filter(|cost| within.contains(cost));
        cost.filter(|cost: &u32| cost.to_string() == digits)
    };
    let (memory_kib, _) = (cost("m=", 8..=256 * 1024)?, cost("t=", 1..=16)?);
    let lanes = cost("p=", 1..=16)?;
    let is_base64 = |text: &str, chars: RangeInclusive<usize>| {
        let is_one = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        chars.contains(&text.len()) && text.len() % 4 != 1 && text.bytes().all(is_one)
    };
    let is_whole = parts.next().is_none() && costs.next().is_none() && memory_kib >= 8 * lanes;
    // Of 8 to 48 bytes the one, of 16 to 64 the other.
    (is_whole && is_base64(salt, 11..=64) && is_base64(hash, 22..=86)).then_some(())
}

fn hashed(password: &str) -> Result<PasswordHash, String> {
    if password.starts_with(ARGON2_PREFIX) {
        return Err("must be a password or its SHA-256; Argon2 is for oper.password alone".into());
    }
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

const ARGON2_PREFIX: &str = "$argon2";

const NOT_ARGON2: &str = "must be Argon2id, as $argon2id$v=19$m=…,t=…,p=…$salt$hash with m from 8 to 1048576 (KiB, 8 for each p at least), t and p from 1 to 16";

const NAME_BYTES_MAX: usize = 64;
