//! One exchange of SASL: which mechanism, what has come of a response in pieces, and what is to be proved by it.
//! Whether it is true is for the hub to ask.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use smol_str::SmolStr;

use super::scram::{ClientFirst, Scram};
use crate::hub::account::{Claim, ScramChallenge};
use crate::hub::name::Nick;
use crate::hub::secret::Secret;

/// Longest piece of a response.
pub(super) const PIECE_BYTES: usize = 400;

/// Longest response, in base64: names and a password of the longest.
const RESPONSE_BYTES_MAX: usize = 5 * PIECE_BYTES;

/// How somebody may prove whose account they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    External,
    Plain,
    ScramSha256,
}

impl Mechanism {
    const ALL: [Self; 3] = [Self::External, Self::Plain, Self::ScramSha256];

    fn name(self) -> &'static str {
        match self {
            Self::External => "EXTERNAL",
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
        }
    }

    fn is_offered(self, has_certificate: bool) -> bool {
        self != Self::External || has_certificate
    }

    pub(super) fn named(name: &str, has_certificate: bool) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        let mut offered = Self::ALL.iter().filter(|it| it.is_offered(has_certificate));
        offered.find(|it| it.name() == name).copied()
    }
}

/// The mechanisms for somebody who has shown a certificate or has not, with commas between them.
pub(super) fn mechanisms(has_certificate: bool) -> String {
    let offered = Mechanism::ALL
        .iter()
        .filter(|it| it.is_offered(has_certificate));
    let names: Vec<&str> = offered.map(|it| it.name()).collect();
    names.join(",")
}

/// An exchange that has begun.
#[derive(Debug)]
pub(super) struct Exchange {
    step: Step,
    /// A response as far as it has come, in base64.
    response: String,
}

/// What is awaited.
#[derive(Debug)]
enum Step {
    Response(Mechanism),
    /// The hub's answer to what SCRAM begins with.
    Challenge(Box<ClientFirst>),
    ScramFinal(Box<Scram>),
    /// The hub's answer to the claim.
    Judgement,
    /// The word of a client of SCRAM that it has heard the server's signature.
    Acknowledgement(Nick),
}

/// What comes of a piece of a response.
#[derive(Debug)]
pub(super) enum Outcome {
    /// There is more of it.
    More,
    /// By this.
    Claim(Claim),
    /// By the certificate that was shown; of this account only, if there is one.
    Certificate(Option<Nick>),
    /// The hub has to be asked what SCRAM begins with.
    BeginScram(Nick),
    /// It is done.
    Done(Nick),
    /// No such thing can be true.
    Failed,
    TooLong,
}

impl Exchange {
    pub(super) fn new(mechanism: Mechanism) -> Self {
        Self {
            step: Step::Response(mechanism),
            response: String::new(),
        }
    }

    /// The account, if it is proved already and only the client's word is missing.
    pub(super) fn proved(&self) -> Option<&Nick> {
        match &self.step {
            Step::Acknowledgement(account) => Some(account),
            Step::Response(_) | Step::Challenge(_) | Step::ScramFinal(_) | Step::Judgement => None,
        }
    }

    /// Takes a piece; `+` is one that is empty.
    pub(super) fn take(&mut self, piece: &str) -> Outcome {
        let piece = if piece == "+" { "" } else { piece };
        if piece.len() > PIECE_BYTES || self.response.len() + piece.len() > RESPONSE_BYTES_MAX {
            return if piece.len() > PIECE_BYTES {
                Outcome::TooLong
            } else {
                Outcome::Failed
            };
        }
        self.response.push_str(piece);
        if piece.len() == PIECE_BYTES {
            return Outcome::More;
        }
        let response = STANDARD.decode(std::mem::take(&mut self.response));
        let response = response.ok().and_then(|it| String::from_utf8(it).ok());
        match response {
            Some(response) => self.respond(&response).unwrap_or(Outcome::Failed),
            None => Outcome::Failed,
        }
    }

    fn respond(&mut self, response: &str) -> Option<Outcome> {
        let step = std::mem::replace(&mut self.step, Step::Judgement);
        match step {
            Step::Response(Mechanism::Plain) => plain(response).map(Outcome::Claim),
            Step::Response(Mechanism::External) if response.is_empty() => {
                Some(Outcome::Certificate(None))
            }
            Step::Response(Mechanism::External) => {
                let name = Nick::parse(response).ok()?;
                Some(Outcome::Certificate(Some(name)))
            }
            Step::Response(Mechanism::ScramSha256) => {
                let first = ClientFirst::parse(response)?;
                let name = first.name.clone();
                self.step = Step::Challenge(Box::new(first));
                Some(Outcome::BeginScram(name))
            }
            Step::ScramFinal(scram) => scram.claim(response).map(Outcome::Claim),
            Step::Acknowledgement(account) => response.is_empty().then_some(Outcome::Done(account)),
            Step::Challenge(_) | Step::Judgement => None,
        }
    }

    /// What SCRAM begins with: what the client is to be told; `None` where nobody waits for it.
    pub(super) fn challenge(&mut self, challenge: &ScramChallenge) -> Option<String> {
        let step = std::mem::replace(&mut self.step, Step::Judgement);
        let Step::Challenge(first) = step else {
            return None;
        };
        let scram = first.answer(challenge);
        let told = STANDARD.encode(scram.server_first());
        self.step = Step::ScramFinal(Box::new(scram));
        Some(told)
    }

    /// The hub has believed it: what the client is told that wants to hear that the server knows it, too.
    pub(super) fn prove(&mut self, account: Nick, signature: [u8; 32]) -> String {
        self.step = Step::Acknowledgement(account);
        STANDARD.encode(format!("v={}", STANDARD.encode(signature)))
    }
}

/// RFC 4616: `authzid NUL authcid NUL passwd`. Nobody acts as somebody else.
fn plain(response: &str) -> Option<Claim> {
    let mut parts = response.split('\0');
    let (wanted, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let name = Nick::parse(name).ok()?;
    if !wanted.is_empty() && Nick::parse(wanted).ok()? != name {
        return None;
    }
    let password = Secret::new(password)?;
    Some(Claim::Password { name, password })
}

/// `PASS account:password`, as clients without SASL log in; `None` where it is something else.
pub(super) fn claim_of_pass(text: &str) -> Option<Claim> {
    let (name, password) = text.split_once(':')?;
    let name = Nick::parse(name).ok()?;
    let password = Secret::new(password)?;
    Some(Claim::Password { name, password })
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What the three messages of SCRAM are, with commas between them.
pub(super) fn auth_message(parts: [&str; 3]) -> Arc<str> {
    parts.join(",").into()
}

/// A name in SCRAM, with its escapes undone.
pub(super) fn saslname(text: &str) -> Option<SmolStr> {
    let mut name = String::with_capacity(text.len());
    let mut pieces = text.split('=');
    name.push_str(pieces.next()?);
    for piece in pieces {
        let (sign, rest) = piece.split_at_checked(2)?;
        name.push(match sign {
            "2C" => ',',
            "3D" => '=',
            _ => return None,
        });
        name.push_str(rest);
    }
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(mechanism: Mechanism, response: &[u8]) -> Outcome {
        let mut exchange = Exchange::new(mechanism);
        let text = encode(response);
        let mut outcome = Outcome::More;
        for piece in text.as_bytes().chunks(PIECE_BYTES) {
            outcome = exchange.take(str::from_utf8(piece).unwrap());
        }
        if text.len().is_multiple_of(PIECE_BYTES) {
            outcome = exchange.take("+");
        }
        outcome
    }

    fn proves(response: &[u8], account: &str) -> bool {
        let outcome = exchange(Mechanism::Plain, response);
        matches!(&outcome, Outcome::Claim(Claim::Password { name, .. }) if name.as_str() == account)
    }

    #[test]
    fn plain_is_a_name_and_a_password_and_nothing_else() {
        assert!(proves(b"\0ana\0correct horse", "ana"));
        assert!(proves(b"ana\0ana\0correct horse", "ana"));
        assert!(proves(b"ANA\0ana\0correct horse", "ana"));
        let long = [b"ana\0ana\0".as_slice(), &[b'x'; 592]].concat();
        assert_eq!(encode(&long).len(), 2 * PIECE_BYTES);
        assert!(proves(&long, "ana"));
        for wrong in [
            b"ben\0ana\0correct horse".as_slice(),
            b"\0\0correct horse",
            b"\0ana\0",
            b"\0ana",
            b"",
            b"\0ana\0correct\0horse",
            b"\0ana\0\xff",
        ] {
            let outcome = exchange(Mechanism::Plain, wrong);
            assert!(matches!(outcome, Outcome::Failed), "{wrong:?}: {outcome:?}");
        }
    }

    #[test]
    fn what_is_no_base64_or_goes_on_for_ever_fails() {
        let mut exchange = Exchange::new(Mechanism::Plain);
        assert!(matches!(exchange.take("!!!"), Outcome::Failed));
        let mut exchange = Exchange::new(Mechanism::Plain);
        let long = "A".repeat(PIECE_BYTES + 1);
        assert!(matches!(exchange.take(&long), Outcome::TooLong));
        let mut exchange = Exchange::new(Mechanism::Plain);
        let piece = "A".repeat(PIECE_BYTES);
        for _ in 0..RESPONSE_BYTES_MAX / PIECE_BYTES {
            assert!(matches!(exchange.take(&piece), Outcome::More));
        }
        assert!(matches!(exchange.take(&piece), Outcome::Failed));
    }

    #[test]
    fn a_certificate_is_offered_to_who_has_shown_one() {
        assert_eq!(mechanisms(false), "PLAIN,SCRAM-SHA-256");
        assert_eq!(mechanisms(true), "EXTERNAL,PLAIN,SCRAM-SHA-256");
        assert_eq!(Mechanism::named("external", false), None);
        let external = Some(Mechanism::External);
        assert_eq!(Mechanism::named("external", true), external);
        let outcome = exchange(Mechanism::External, b"");
        assert!(matches!(outcome, Outcome::Certificate(None)));
        let outcome = exchange(Mechanism::External, b"ana");
        assert!(matches!(outcome, Outcome::Certificate(Some(name)) if name.as_str() == "ana"));
    }

    #[test]
    fn names_of_scram_have_escapes() {
        assert_eq!(saslname("a=2Cb=3Dc").as_deref(), Some("a,b=c"));
        assert_eq!(saslname("a=2"), None);
        assert_eq!(saslname("a=2X"), None);
    }
}
