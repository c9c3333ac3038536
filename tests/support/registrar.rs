//! Who has an account, in the plainest way. It stands in for the registry where only the hub or a protocol
//! is told about, and says what the registry must say.

use std::collections::BTreeMap;

use chatd::hub::account::{
    Account, AccountAnswer, AccountChange, AccountQuestion, Claim, Newcomer, ScramChallenge,
    ScramSignature, Token, TokenId,
};
use chatd::hub::fingerprint::Fingerprint;
use chatd::hub::held::Held;
use chatd::hub::history::OwnerId;
use chatd::hub::id::UserKey;
use chatd::hub::moderation::room::CharterRecord;
use chatd::hub::moderation::rule::{Rule, RuleId};
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::RegistryRecord;
use chatd::hub::secret::Secret;
use chatd::hub::time::UnixMillis;

#[derive(Debug, Default)]
pub(crate) struct Registrar {
    accounts: BTreeMap<Nick, Row>,
    tokens: BTreeMap<String, (Nick, Token)>,
    certificates: BTreeMap<String, Nick>,
    pub(crate) invitations: Vec<String>,
    charters: BTreeMap<RoomName, CharterRecord>,
    rules: BTreeMap<RuleId, Rule>,
}

/// Of whatever was said in an exchange of SCRAM, for every account.
pub(crate) const PROOF: [u8; 32] = [7; 32];

#[derive(Debug)]
struct Row {
    owner: OwnerId,
    password: String,
    failed_logins: u32,
    is_disabled: bool,
    is_operator: bool,
}

impl Registrar {
    /// An operator makes an account.
    pub(crate) fn add(&mut self, name: &str, password: &str) -> AccountChange {
        let name = Nick::parse(name).unwrap();
        let owner = OwnerId(1000 + self.accounts.len() as u64);
        let row = Row {
            owner,
            password: password.to_owned(),
            failed_logins: 0,
            is_disabled: false,
            is_operator: false,
        };
        self.accounts.insert(name.clone(), row);
        AccountChange::Added { owner, name }
    }

    pub(crate) fn disable(&mut self, name: &str) -> AccountChange {
        let row = self.accounts.get_mut(&Nick::parse(name).unwrap()).unwrap();
        row.is_disabled = true;
        AccountChange::LoggedOut { owner: row.owner }
    }

    pub(crate) fn set_operator(&mut self, name: &str, is_operator: bool) -> AccountChange {
        let row = self.accounts.get_mut(&Nick::parse(name).unwrap()).unwrap();
        row.is_operator = is_operator;
        AccountChange::OperatorSet {
            owner: row.owner,
            is_operator,
        }
    }

    /// Keeps what the hub has it keep.
    pub(crate) fn write(&mut self, record: RegistryRecord) {
        match record {
            RegistryRecord::Charter(charter) => {
                self.charters.insert(charter.room.clone(), charter);
            }
            RegistryRecord::CharterGone(room) => {
                let charter = self.charters.remove(&room);
                assert!(charter.is_some(), "{room} is forgotten and was not known");
            }
            RegistryRecord::Rule(rule) => {
                let before = self.rules.insert(rule.id, rule);
                assert!(before.is_none(), "each rule has an id of its own");
            }
            RegistryRecord::Renamed {
                from,
                charter,
                rules,
            } => {
                self.charters.remove(&from);
                let charters = charter.map(|it| (it.room.clone(), it));
                self.charters.extend(charters);
                for rule in rules {
                    let before = self.rules.insert(rule.id, rule);
                    assert!(before.is_some(), "the rule holds already");
                }
            }
            RegistryRecord::RuleGone(rule) => {
                let rule = self.rules.remove(&rule);
                assert!(rule.is_some(), "a rule has ended that was not known");
            }
        }
    }

    /// What a start finds.
    pub(crate) fn chartered(&self) -> (Vec<CharterRecord>, Vec<Rule>) {
        let charters = self.charters.values().cloned().collect();
        (charters, self.rules.values().cloned().collect())
    }

    pub(crate) fn held(&self) -> Held {
        let accounts = self.accounts.iter();
        accounts
            .map(|(name, row)| (name.key(), row.owner))
            .collect()
    }

    pub(crate) fn remove(&mut self, name: &str) -> AccountChange {
        let name = Nick::parse(name).unwrap();
        let owner = self.accounts.remove(&name).unwrap().owner;
        AccountChange::Removed { owner, name }
    }

    /// A token of an account, good for some rooms or for all.
    pub(crate) fn add_token(&mut self, text: &str, name: &str, rooms: &[&str], send_only: bool) {
        let rooms = rooms.iter().map(|room| RoomName::parse(room).unwrap());
        let rooms: Vec<RoomName> = rooms.collect();
        let token = Token {
            id: TokenId(i64::try_from(self.tokens.len()).unwrap() + 1),
            rooms: (!rooms.is_empty()).then(|| rooms.into()),
            send_only,
            expires_at: None,
        };
        let name = Nick::parse(name).unwrap();
        self.tokens.insert(text.to_owned(), (name, token));
    }

    pub(crate) fn expire(&mut self, text: &str, at: UnixMillis) {
        self.tokens.get_mut(text).unwrap().1.expires_at = Some(at);
    }

    pub(crate) fn revoke(&mut self, text: &str) -> AccountChange {
        let (_, token) = self.tokens.remove(text).unwrap();
        AccountChange::TokenRevoked { token: token.id }
    }

    pub(crate) fn add_certificate(&mut self, certificate: &str, name: &str) {
        let fingerprint = Fingerprint::of(certificate.as_bytes());
        let name = Nick::parse(name).unwrap();
        self.certificates.insert(fingerprint.to_string(), name);
    }

    pub(crate) fn remove_certificate(&mut self, certificate: &str) -> AccountChange {
        let fingerprint = Fingerprint::of(certificate.as_bytes());
        self.certificates.remove(&fingerprint.to_string()).unwrap();
        AccountChange::CertificateRemoved { fingerprint }
    }

    pub(crate) fn answer(&mut self, question: &AccountQuestion) -> AccountAnswer {
        match question {
            AccountQuestion::Authenticate { claim, at } => match claim {
                Claim::Password { name, password } => self.compare(name, password),
                Claim::Peer(name) if self.accounts.contains_key(name) => self.account(name, None),
                Claim::Peer(_) => AccountAnswer::Wrong,
                // Who knows the password says it: the registry's own tests do the mathematics.
                Claim::Scram {
                    name,
                    auth_message,
                    proof,
                } => {
                    let answer = match *proof {
                        PROOF => self.account(name, None),
                        _ => self.compare(name, &Secret::new(auth_message).unwrap()),
                    };
                    let AccountAnswer::Account(account) = answer else {
                        return answer;
                    };
                    let signature = ScramSignature([7; 32]);
                    AccountAnswer::ScramProved { account, signature }
                }
                Claim::Token(token) => match self.tokens.get(token.reveal()).cloned() {
                    Some((name, token)) if token.expires_at.is_none_or(|end| end > *at) => {
                        self.account(&name, Some(token))
                    }
                    Some(_) | None => AccountAnswer::Wrong,
                },
                Claim::Certificate { name, fingerprint } => {
                    self.certified(name.as_ref(), *fingerprint)
                }
            },
            AccountQuestion::BeginScram { .. } => AccountAnswer::ScramChallenge(ScramChallenge {
                salt: [7; 16],
                iterations: 4096,
                nonce: [8; 16],
            }),
            AccountQuestion::Register(newcomer) => self.register(newcomer),
            // As if a hash ended with its password.
            AccountQuestion::Compare { password, hash } => {
                match hash.ends_with(password.reveal()) {
                    true => AccountAnswer::Right,
                    false => AccountAnswer::Wrong,
                }
            }
            AccountQuestion::ChangePassword(change) => {
                let row = self.accounts.get_mut(&change.name).unwrap();
                if row.password != change.old.reveal() {
                    row.failed_logins += 1;
                    return AccountAnswer::Wrong;
                }
                change.new.reveal().clone_into(&mut row.password);
                AccountAnswer::PasswordChanged {
                    owner: row.owner,
                    key: UserKey(7),
                }
            }
        }
    }

    fn certified(&mut self, wanted: Option<&Nick>, fingerprint: Fingerprint) -> AccountAnswer {
        let holder = self.certificates.get(&fingerprint.to_string()).cloned();
        let is_meant = |holder: &Nick| wanted.is_none_or(|wanted| wanted == holder);
        let Some(holder) = holder.filter(is_meant) else {
            return AccountAnswer::Wrong;
        };
        let mut answer = self.account(&holder, None);
        if let AccountAnswer::Account(account) = &mut answer {
            account.certificate = Some(fingerprint);
        }
        answer
    }

    fn compare(&mut self, name: &Nick, password: &Secret) -> AccountAnswer {
        match self.accounts.get_mut(name) {
            Some(row) if row.password == password.reveal() => self.account(name, None),
            Some(row) => {
                row.failed_logins += 1;
                AccountAnswer::Wrong
            }
            None => AccountAnswer::Wrong,
        }
    }

    fn account(&mut self, name: &Nick, token: Option<Token>) -> AccountAnswer {
        let (name, row) = self.accounts.get_key_value(name).unwrap();
        if row.is_disabled {
            return AccountAnswer::Disabled;
        }
        let account = Account {
            owner: row.owner,
            name: name.clone(),
            is_operator: row.is_operator,
            failed_logins: row.failed_logins,
            token,
            certificate: None,
        };
        self.accounts.get_mut(&account.name).unwrap().failed_logins = 0;
        AccountAnswer::Account(account)
    }

    fn register(&mut self, newcomer: &Newcomer) -> AccountAnswer {
        let mut invitation = None;
        if let Some(given) = &newcomer.invitation {
            let mut open = self.invitations.iter();
            invitation = open.position(|it| it == given.reveal());
            if invitation.is_none() {
                return AccountAnswer::BadInvitation;
            }
        }
        if self.accounts.contains_key(&newcomer.name) || newcomer.is_in_use {
            return AccountAnswer::NameTaken;
        }
        if let Some(used) = invitation {
            self.invitations.remove(used);
        }
        self.add(newcomer.name.as_str(), newcomer.password.reveal());
        if let Some(owner) = newcomer.owner {
            self.accounts.get_mut(&newcomer.name).unwrap().owner = owner;
        }
        self.account(&newcomer.name, None)
    }
}
