//! The messages of SCRAM-SHA-256 (RFC 5802 and 7677), without binding to a channel. What is made of them, and
//! whether it is right, the registry knows.

use super::sasl::{auth_message, decode, encode, saslname};
use crate::hub::account::{Claim, ScramChallenge};
use crate::hub::name::Nick;

/// Longest nonce of a client.
const NONCE_BYTES_MAX: usize = 128;

/// What the client says first.
#[derive(Debug)]
pub(super) struct ClientFirst {
    pub(super) name: Nick,
    /// `n,,` or `y,,` or with a name between the commas: the client has nothing to bind to, or believes that we have
    /// not.
    header: String,
    /// What comes behind that.
    bare: String,
    nonce: String,
}

/// An exchange whose last message is awaited.
#[derive(Debug)]
pub(super) struct Scram {
    first: ClientFirst,
    server_first: String,
    nonce: String,
}

impl ClientFirst {
    /// `None` for what is none, and where the client insists on a binding, or acts as somebody else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (flag, rest) = text.split_once(',')?;
        let (wanted, bare) = rest.split_once(',')?;
        if !matches!(flag, "n" | "y") {
            return None;
        }
        let mut attributes = bare.split(',');
        let name = saslname(attributes.next()?.strip_prefix("n=")?)?;
        let nonce = attributes.next()?.strip_prefix("r=")?;
        let is_printable = nonce.bytes().all(|byte| byte.is_ascii_graphic());
        if nonce.is_empty() || nonce.len() > NONCE_BYTES_MAX || !is_printable {
            return None;
        }
        let name = Nick::parse(&name).ok()?;
        if !wanted.is_empty() {
            let wanted = saslname(wanted.strip_prefix("a=")?)?;
            if Nick::parse(&wanted).ok()? != name {
                return None;
            }
        }
        Some(Self {
            name,
            header: text[..text.len() - bare.len()].to_owned(),
            bare: bare.to_owned(),
            nonce: nonce.to_owned(),
        })
    }

    pub(super) fn answer(self, challenge: &ScramChallenge) -> Scram {
        let nonce = format!("{}{}", self.nonce, encode(&challenge.nonce));
        let salt = encode(&challenge.salt);
        let server_first = format!("r={nonce},s={salt},i={}", challenge.iterations);
        Scram {
            first: self,
            server_first,
            nonce,
        }
    }
}

impl Scram {
    pub(super) fn server_first(&self) -> &str {
        &self.server_first
    }

    /// What the client's last message claims; `None` where it does not belong to this exchange.
    pub(super) fn claim(self, client_final: &str) -> Option<Claim> {
        let (without_proof, proof) = client_final.rsplit_once(",p=")?;
        let mut attributes = without_proof.split(',');
        let header = decode(attributes.next()?.strip_prefix("c=")?)?;
        let nonce = attributes.next()?.strip_prefix("r=")?;
        if header != self.first.header.as_bytes() || nonce != self.nonce {
            return None;
        }
        let parts = [&self.first.bare, &self.server_first, without_proof];
        Some(Claim::Scram {
            auth_message: auth_message(parts),
            name: self.first.name,
            proof: decode(proof)?.try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: ScramChallenge = ScramChallenge {
        salt: [1; 16],
        iterations: 4096,
        nonce: [2; 16],
    };
    const NONCE: &str = "abcAgICAgICAgICAgICAgICAg==";

    fn begin(text: &str) -> Option<Scram> {
        ClientFirst::parse(text).map(|first| first.answer(&CHALLENGE))
    }

    #[test]
    fn an_exchange_ends_with_a_claim_about_all_that_was_said() {
        let scram = begin("n,,n=ana,r=abc").unwrap();
        let server_first = format!("r={NONCE},s=AQEBAQEBAQEBAQEBAQEBAQ==,i=4096");
        assert_eq!(scram.server_first(), server_first);
        let proof = encode(&[3; 32]);
        let claim = scram.claim(&format!("c=biws,r={NONCE},p={proof}"));
        let Some(Claim::Scram {
            name,
            auth_message,
            proof,
        }) = claim
        else {
            panic!("{claim:?}");
        };
        assert_eq!((name.as_str(), proof), ("ana", [3; 32]));
        let expected = format!("n=ana,r=abc,{server_first},c=biws,r={NONCE}");
        assert_eq!(&*auth_message, expected);
    }

    #[test]
    fn what_does_not_belong_to_the_exchange_claims_nothing() {
        let proof = encode(&[3; 32]);
        for wrong in [
            format!("c=eSws,r={NONCE},p={proof}"),
            format!("c=biws,r={NONCE}x,p={proof}"),
            format!("c=biws,r=abc,p={proof}"),
            format!("c=biws,r={NONCE},p=AAAA"),
            format!("c=biws,r={NONCE}"),
            String::new(),
        ] {
            let scram = begin("n,,n=ana,r=abc").unwrap();
            assert_eq!(scram.claim(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_first_message_is_whole_and_binds_to_nothing() {
        for right in ["y,,n=ana,r=abc", "n,a=Ana,n=ana,r=abc", "n,,n=ana,r=a,x=1"] {
            assert!(begin(right).is_some(), "{right}");
        }
        let long = format!("n,,n=ana,r={}", "a".repeat(NONCE_BYTES_MAX + 1));
        for wrong in [
            "",
            "p=tls-unique,,n=ana,r=abc",
            "n,a=ben,n=ana,r=abc",
            "n,,m=1,n=ana,r=abc",
            "n,,n=ana",
            "n,,n=ana,r=",
            "n,,n=a b,r=abc",
            &long,
        ] {
            assert!(begin(wrong).is_none(), "{wrong}");
        }
    }
}
