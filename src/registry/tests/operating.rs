//! What operators do, and what the hub is told of it.

use super::{CHEAP, NOW, Office, nick, secret};
use crate::hub::account::{AccountAnswer, AccountChange, Claim};
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
