//! What operators do, and what the hub is told of it.

use super::{NOW, Office, nick, secret};
use crate::hub::account::{AccountAnswer, AccountChange};
use crate::hub::name::Nick;
use crate::registry::{News, RegistryError};

fn changes(office: &mut Office) -> Vec<AccountChange> {
    let mut news = Vec::new();
    office.registry().take_news(&mut news);
    let changes = news.into_iter().filter_map(|news| match news {
        News::Changed(change) => Some(change),
        News::Answered { .. } | News::NotWritten(_) => None,
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
