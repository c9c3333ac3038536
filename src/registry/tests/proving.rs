//! Logging in by SCRAM: what the registry keeps for it, what it says to whom, and that nobody learns who is there.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{CHEAP, NOW, Office, nick, secret};
use crate::hub::account::{
    AccountAnswer, AccountQuestion, Claim, PasswordChange, ScramChallenge, ScramSignature,
};
use crate::hub::persona::CloakKey;

/// A client of RFC 5802.
struct Client {
    salted: [u8; 32],
}

impl Client {
    fn new(password: &str, challenge: ScramChallenge) -> Self {
        let mut salted = [0; 32];
        let ScramChallenge {
            salt, iterations, ..
        } = challenge;
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, iterations, &mut salted);
        Self { salted }
    }

    fn proof(&self, auth_message: &str) -> [u8; 32] {
        let key = mac(&self.salted, "Client Key");
        let stored: [u8; 32] = Sha256::digest(key).into();
        let signature = mac(&stored, auth_message);
        std::array::from_fn(|at| key[at] ^ signature[at])
    }

    fn expects(&self, auth_message: &str) -> ScramSignature {
        ScramSignature(mac(&mac(&self.salted, "Server Key"), auth_message))
    }
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

impl Office {
    fn challenge(&mut self, name: &str) -> ScramChallenge {
        let question = AccountQuestion::BeginScram { name: nick(name) };
        let answer = self.ask(question);
        let AccountAnswer::ScramChallenge(challenge) = answer else {
            panic!("{answer:?}");
        };
        challenge
    }

    fn prove(&mut self, name: &str, password: &str) -> AccountAnswer {
        let client = Client::new(password, self.challenge(name));
        let auth_message = "n=ana,r=1,r=12,s=x,i=1,c=biws,r=12";
        let answer = self.authenticate(Claim::Scram {
            name: nick(name),
            auth_message: auth_message.into(),
            proof: client.proof(auth_message),
        });
        if let AccountAnswer::ScramProved { signature, .. } = &answer {
            assert_eq!(*signature, client.expects(auth_message));
        }
        answer
    }

    fn is_proved(&mut self, name: &str, password: &str) -> bool {
        let answer = self.prove(name, password);
        if answer == AccountAnswer::Wrong {
            return false;
        }
        let AccountAnswer::ScramProved { account, .. } = answer else {
            panic!("{answer:?}");
        };
        account.name == nick(name)
    }
}

#[test]
fn whoever_has_set_a_password_proves_it_and_no_other() {
    let mut office = Office::open();
    office.register("ana", None);
    assert!(office.is_proved("ANA", "correct horse"));
    assert!(!office.is_proved("ana", "wrong horse"));
    let handle = office.registry().handle();
    let by_operator = secret("battery staple").as_password().unwrap();
    handle.add(nick("ben"), Some(by_operator), NOW).unwrap();
    assert!(office.is_proved("ben", "battery staple"));
    let new = secret("paper staple").as_password().unwrap();
    handle.set_password(nick("ben"), new).unwrap();
    assert!(office.is_proved("ben", "paper staple"));
    assert!(!office.is_proved("ben", "battery staple"));
    office.ask(AccountQuestion::ChangePassword(PasswordChange {
        name: nick("ben"),
        old: secret("paper staple"),
        new: secret("golden staple"),
    }));
    assert!(office.is_proved("ben", "golden staple"));
    assert!(!office.is_proved("ben", "paper staple"));
    let handle = office.registry().handle();
    handle.set_disabled(nick("ben"), Some(NOW)).unwrap();
    assert_eq!(
        office.prove("ben", "golden staple"),
        AccountAnswer::Disabled
    );
}

#[test]
fn what_failed_is_told_at_the_next_login() {
    let mut office = Office::open();
    office.register("ana", None);
    assert!(!office.is_proved("ana", "wrong horse"));
    let AccountAnswer::ScramProved { account, .. } = office.prove("ana", "correct horse") else {
        panic!("it is right");
    };
    assert_eq!(account.failed_logins, 1);
}

#[test]
fn every_name_has_a_challenge_and_always_the_same() {
    let mut office = Office::open();
    let before = office.challenge("ana");
    assert_ne!(before.salt, office.challenge("ben").salt);
    let is_same = |one: ScramChallenge, other: ScramChallenge| {
        assert_ne!(one.nonce, other.nonce);
        (one.salt, one.iterations) == (other.salt, other.iterations)
    };
    assert!(!office.is_proved("ana", "correct horse"));
    office.register("ana", None);
    let is_there = is_same(office.challenge("Ana"), before);
    assert!(is_there, "whether or not it is there");
    let handle = office.registry().handle();
    handle.add(nick("bot"), None, NOW).unwrap();
    assert!(
        !office.is_proved("bot", "correct horse"),
        "without a password"
    );
    office.open_again(CHEAP);
    assert!(is_same(office.challenge("ana"), before));
}

#[test]
fn a_password_from_before_has_its_keys_once_it_was_said() {
    let mut office = Office::open();
    office.register("ana", None);
    office.registry = None;
    let path = office.directory.path().join("registry.db");
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch("DROP TABLE scram; DROP TABLE secret; PRAGMA user_version = 5")
        .unwrap();
    drop(file);
    office.open_again(CHEAP);
    assert!(!office.is_proved("ana", "correct horse"));
    let said = office.log_in("ana", "wrong horse");
    assert_eq!(said, AccountAnswer::Wrong);
    assert!(!office.is_proved("ana", "correct horse"));
    let said = office.log_in("ana", "correct horse");
    assert!(matches!(said, AccountAnswer::Account(_)), "{said:?}");
    // The login does not wait for the keys.
    let mut patience = 2000;
    while !office.is_proved("ana", "correct horse") {
        patience -= 1;
        assert!(patience > 0, "no keys");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn the_key_of_cloaks_is_drawn_once() {
    let mut office = Office::open();
    let drawn = office.known.cloak_key;
    assert_ne!(drawn, CloakKey::default());
    office.open_again(CHEAP);
    assert_eq!(office.known.cloak_key, drawn);
    assert_ne!(Office::open().known.cloak_key, drawn);
}
