//! What operators do, and what the hub is told of it.

use super::{CHEAP, NOW, Office, nick, secret};
use crate::hub::account::{AccountAnswer, AccountChange, Claim};
use crate::hub::fingerprint::Fingerprint;
use crate::hub::name::Nick;
use crate::registry::{News, RegistryError, TokenRequest};

fn changes(office: &mut Office) -> Vec<AccountChange> {
    let mut news = Vec::new();
    office.registry().take_news(&mut news);
    let changes = news.into_iter().filter_map(|news| {
        let News::Changed(change) = news else {
            return None;
        };
        Some(change)
    });
    changes.collect()
}

fn password() -> crate::hub::secret::Secret {
    secret("correct horse").as_password().unwrap()
}

#[test]
fn an_account_is_made_closed_opened_and_removed() {
    let mut office = Office::open();
    let handle = office.registry().handle();
    handle.add(nick("Ana"), Some(password()), NOW).unwrap();
    let again = handle.add(nick("ana"), None, NOW);
    assert!(matches!(again, Err(RegistryError::NameTaken(_))));
    handle.set_disabled(nick("ana"), Some(NOW)).unwrap();
    let right = office.log_in("ana", "correct horse");
    assert_eq!(right, AccountAnswer::Disabled);
    let wrong = office.log_in("ana", "wrong horse");
    assert_eq!(wrong, AccountAnswer::Wrong, "who guesses is not told");
    handle.set_disabled(nick("ana"), None).unwrap();
    let new = secret("battery staple").as_password().unwrap();
    handle.set_password(nick("ana"), new).unwrap();
    let old = office.log_in("ana", "correct horse");
    assert_eq!(old, AccountAnswer::Wrong);
    let info = handle.account(nick("ana")).unwrap();
    assert_eq!((info.failed_logins, info.has_password), (2, true));
    handle.remove(nick("ana")).unwrap();
    let gone = handle.remove(nick("ana"));
    assert!(matches!(gone, Err(RegistryError::NoSuchAccount(_))));
    office.news.clear();
}

#[test]
fn the_hub_is_told_of_each_change() {
    let mut office = Office::open();
    let handle = office.registry().handle();
    handle.add(nick("ana"), None, NOW).unwrap();
    handle.set_disabled(nick("ana"), Some(NOW)).unwrap();
    handle.remove(nick("ana")).unwrap();
    let told = changes(&mut office);
    let [
        AccountChange::Added { owner, name },
        AccountChange::LoggedOut { owner: closed },
        AccountChange::Removed { owner: removed, .. },
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!((name, owner), (&nick("ana"), closed));
    assert_eq!(owner, removed);
}

#[test]
fn a_server_operator_is_one_at_once_and_at_the_next_login() {
    let mut office = Office::open();
    let handle = office.registry().handle();
    handle.add(nick("ana"), Some(password()), NOW).unwrap();
    let is_operator = |office: &mut Office| {
        let answer = office.log_in("ana", "correct horse");
        let AccountAnswer::Account(account) = answer else {
            panic!("{answer:?}");
        };
        account.is_operator
    };
    assert!(!is_operator(&mut office));
    handle.set_operator(nick("Ana"), true).unwrap();
    assert!(is_operator(&mut office));
    assert!(handle.account(nick("ana")).unwrap().is_operator);
    office.open_again(CHEAP);
    assert!(is_operator(&mut office));
    let handle = office.registry().handle();
    let (_, token) = handle.add_token(token_of("ana")).unwrap();
    let AccountAnswer::Account(account) = office.authenticate(Claim::Token(token)) else {
        panic!("it is good");
    };
    assert!(account.is_operator);
    handle.set_operator(nick("ana"), false).unwrap();
    let [
        AccountChange::OperatorSet {
            is_operator: false,
            owner,
        },
    ] = changes(&mut office)[..]
    else {
        panic!("the hub is told");
    };
    assert_eq!(owner, account.owner);
    assert!(!is_operator(&mut office));
    let nobody = handle.set_operator(nick("ben"), true);
    assert!(matches!(nobody, Err(RegistryError::NoSuchAccount(_))));
}

fn token_of(name: &str) -> TokenRequest {
    TokenRequest {
        account: nick(name),
        note: None,
        rooms: None,
        send_only: false,
        at: NOW,
        expires_at: None,
    }
}

#[test]
fn accounts_are_listed_by_name_a_page_at_a_time() {
    let office = Office::open();
    let handle = office.registry().handle();
    for name in ["cho", "Ana", "ben"] {
        handle.add(nick(name), None, NOW).unwrap();
    }
    let page = |after: Option<&str>| {
        let page = handle.accounts(after.map(nick), 2).unwrap();
        page.into_iter().map(|it| it.name).collect::<Vec<Nick>>()
    };
    assert_eq!(page(None), [nick("ana"), nick("ben")]);
    assert_eq!(page(Some("ben")), [nick("cho")]);
}

#[test]
fn a_certificate_is_one_accounts_until_it_is_taken_back() {
    let mut office = Office::open();
    let registry = office.registry().handle();
    registry.add(nick("ana"), None, NOW).unwrap();
    registry.add(nick("ben"), None, NOW).unwrap();
    let certificate = |number: u8| Fingerprint([number; 32]);
    let claim = |name: Option<&str>, number| Claim::Certificate {
        name: name.map(nick),
        fingerprint: certificate(number),
    };
    registry
        .add_certificate(nick("ana"), certificate(1), NOW)
        .unwrap();
    let taken = registry.add_certificate(nick("ben"), certificate(1), NOW);
    assert!(
        matches!(&taken, Err(RegistryError::CertificateTaken(name)) if name == "ana"),
        "{taken:?}"
    );
    office.open_again(CHEAP);
    let registry = office.registry().handle();
    let shown = registry.account(nick("ana")).unwrap().certificates;
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (shown[0].fingerprint, shown[0].added_at),
        (certificate(1), NOW)
    );

    for name in [None, Some("ANA")] {
        let AccountAnswer::Account(account) = office.authenticate(claim(name, 1)) else {
            panic!("it is good for ana");
        };
        assert_eq!(account.name, nick("ana"));
        assert_eq!(account.certificate, Some(certificate(1)));
    }
    assert_eq!(
        office.authenticate(claim(Some("ben"), 1)),
        AccountAnswer::Wrong
    );
    assert_eq!(office.authenticate(claim(None, 2)), AccountAnswer::Wrong);
    registry.set_disabled(nick("ana"), Some(NOW)).unwrap();
    assert_eq!(office.authenticate(claim(None, 1)), AccountAnswer::Disabled);
    registry.set_disabled(nick("ana"), None).unwrap();
    changes(&mut office);

    let not_ben = registry.remove_certificate(nick("ben"), certificate(1));
    assert!(
        matches!(not_ben, Err(RegistryError::NoSuchCertificate(_))),
        "{not_ben:?}"
    );
    registry
        .remove_certificate(nick("ana"), certificate(1))
        .unwrap();
    let fingerprint = certificate(1);
    assert_eq!(
        changes(&mut office),
        [AccountChange::CertificateRemoved { fingerprint }]
    );
    assert_eq!(office.authenticate(claim(None, 1)), AccountAnswer::Wrong);
}

#[test]
fn an_account_has_so_many_certificates_and_they_go_with_it() {
    let mut office = Office::open();
    let registry = office.registry().handle();
    let certificate = |number: u8| Fingerprint([number; 32]);
    registry.add(nick("ana"), None, NOW).unwrap();
    registry.add(nick("ben"), None, NOW).unwrap();
    for number in 0..16 {
        registry
            .add_certificate(nick("ben"), certificate(number), NOW)
            .unwrap();
    }
    let one_more = registry.add_certificate(nick("ben"), certificate(16), NOW);
    assert!(
        matches!(one_more, Err(RegistryError::TooMany(16))),
        "{one_more:?}"
    );
    registry.remove(nick("ben")).unwrap();
    let claim = Claim::Certificate {
        name: None,
        fingerprint: certificate(3),
    };
    assert_eq!(office.authenticate(claim), AccountAnswer::Wrong);
    registry
        .add_certificate(nick("ana"), certificate(3), NOW)
        .unwrap();
}
