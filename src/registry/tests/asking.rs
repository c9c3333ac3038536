//! Logins and registrations.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use super::{CHEAP, HashCost, NOW, Office, nick, secret};
use crate::hub::account::{
    Account, AccountAnswer, AccountQuestion, Claim, Newcomer, PasswordChange, Token,
};
use crate::hub::history::OwnerId;
use crate::hub::id::UserKey;
use crate::hub::name::RoomName;
use crate::hub::time::UnixMillis;
use crate::registry::TokenRequest;

fn account_of(answer: AccountAnswer) -> Account {
    let AccountAnswer::Account(account) = answer else {
        panic!("{answer:?}");
    };
    account
}

#[test]
fn who_registers_logs_in_with_the_password_and_nothing_else() {
    let mut office = Office::open();
    let made = account_of(office.register("Ana", None));
    assert_eq!((made.owner, made.name), (OwnerId(7), nick("ana")));
    let found = account_of(office.log_in("ANA", "correct horse"));
    assert_eq!((found.owner, found.name.as_str()), (OwnerId(7), "Ana"));
    assert_eq!(office.log_in("ana", "wrong horse"), AccountAnswer::Wrong);
    assert_eq!(office.log_in("ben", "correct horse"), AccountAnswer::Wrong);
    assert_eq!(office.register("ana", None), AccountAnswer::NameTaken);
}

#[test]
fn a_login_under_way_does_not_get_into_the_next_account_of_that_name() {
    let mut office = Office::open();
    let handle = office.registry().handle();
    account_of(office.register("ana", None));
    // The hashing threads are kept busy until the account is another one.
    let (released, wait) = sync_channel::<()>(0);
    let wait = Arc::new(Mutex::new(wait));
    for _ in 0..2 {
        let wait = Arc::clone(&wait);
        let busy = move || {
            let _ = wait.lock().unwrap().recv();
        };
        office.registry().shared.pool.run(busy).unwrap();
    }
    let (name, password) = (nick("ana"), secret("correct horse"));
    let claim = Claim::Password { name, password };
    let question = AccountQuestion::Authenticate { claim, at: NOW };
    let under_way = office.begin(question);
    handle.remove(nick("ana")).unwrap();
    handle.add(nick("ana"), None, NOW).unwrap();
    drop(released);
    assert_eq!(office.answer(under_way), AccountAnswer::Wrong);
}

#[test]
fn failed_logins_are_told_once_and_survive_the_end_of_the_daemon() {
    let mut office = Office::open();
    office.register("ana", None);
    for _ in 0..3 {
        office.log_in("ana", "wrong horse");
    }
    office.open_again(CHEAP);
    office.log_in("ana", "wrong horse");
    let told = account_of(office.log_in("ana", "correct horse"));
    assert_eq!(told.failed_logins, 4);
    office.open_again(CHEAP);
    let told = account_of(office.log_in("ana", "correct horse"));
    assert_eq!(told.failed_logins, 0);
}

#[test]
fn a_hash_of_another_cost_is_made_anew_at_the_next_login() {
    let mut office = Office::open();
    office.register("ana", None);
    let dearer = HashCost {
        memory_kib: 16,
        passes: 2,
    };
    office.open_again(dearer);
    account_of(office.log_in("ana", "correct horse"));
    // The login does not wait for the new hash.
    let path = office.directory.path().join("registry.db");
    let file = rusqlite::Connection::open(path).unwrap();
    let hash = || -> String {
        let sql = "SELECT password FROM account";
        file.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let mut patience = 2000;
    while !hash().starts_with("$argon2id$v=19$m=16,t=2,p=1$") {
        patience -= 1;
        assert!(patience > 0, "{}", hash());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    account_of(office.log_in("ana", "correct horse"));
}

#[test]
fn an_invitation_is_good_for_one_account_until_it_expires() {
    let mut office = Office::open();
    let handle = office.registry().handle();
    let (_, once) = handle.invite(None, NOW, UnixMillis(NOW.0 + 1)).unwrap();
    let (_, late) = handle.invite(None, NOW, NOW).unwrap();
    let made_up = secret("chatd_invitation_made_up");
    for bad in [late, made_up] {
        let answer = office.register("ana", Some(bad));
        assert_eq!(answer, AccountAnswer::BadInvitation);
    }
    let in_use = |invitation: &crate::hub::secret::Secret| {
        AccountQuestion::Register(Newcomer {
            name: nick("ana"),
            is_in_use: true,
            owner: None,
            password: secret("correct horse"),
            invitation: Some(invitation.clone()),
            at: NOW,
        })
    };
    let bad = office.ask(in_use(&secret("chatd_invitation_made_up")));
    assert_eq!(bad, AccountAnswer::BadInvitation);
    assert_eq!(office.ask(in_use(&once)), AccountAnswer::NameTaken);
    account_of(office.register("ana", Some(once.clone())));
    let again = office.register("ben", Some(once));
    assert_eq!(again, AccountAnswer::BadInvitation);
}

#[test]
fn a_token_says_what_it_is_good_for_until_it_is_taken_back() {
    let mut office = Office::open();
    let handle = office.registry().handle();
    handle.add(nick("ci"), None, NOW).unwrap();
    let builds = RoomName::parse("#builds").unwrap();
    let request = TokenRequest {
        account: nick("ci"),
        note: None,
        rooms: Some(vec![builds.clone()]),
        send_only: true,
        at: NOW,
        expires_at: Some(UnixMillis(NOW.0 + 1)),
    };
    let expired = TokenRequest {
        expires_at: Some(NOW),
        ..request.clone()
    };
    let (id, token) = handle.add_token(request).unwrap();
    let (_, expired) = handle.add_token(expired).unwrap();
    let found = account_of(office.authenticate(Claim::Token(token.clone())));
    let Some(Token {
        rooms,
        send_only,
        expires_at,
        ..
    }) = found.token
    else {
        panic!("no token");
    };
    assert_eq!(expires_at, Some(UnixMillis(NOW.0 + 1)));
    assert_eq!((rooms.as_deref(), send_only), (Some(&[builds][..]), true));
    let answer = office.authenticate(Claim::Token(expired));
    assert_eq!(answer, AccountAnswer::Wrong);
    let used = handle.tokens(None, 0, 10).unwrap();
    assert_eq!(used[0].last_used_at, Some(NOW));
    handle.revoke_token(used[0].id).unwrap();
    assert_eq!(used[0].id.0, id);
    let answer = office.authenticate(Claim::Token(token));
    assert_eq!(answer, AccountAnswer::Wrong);
    // An account without a password has none that could be guessed.
    assert_eq!(office.log_in("ci", "anything at all"), AccountAnswer::Wrong);
}

#[test]
fn a_password_is_changed_by_whoever_knows_the_old_one() {
    let mut office = Office::open();
    account_of(office.register("ana", None));
    let change = |old: &str, new: &str| {
        AccountQuestion::ChangePassword(PasswordChange {
            name: nick("ana"),
            old: secret(old),
            new: secret(new),
        })
    };
    assert_eq!(
        office.ask(change("wrong horse", "battery staple")),
        AccountAnswer::Wrong
    );
    let info = office.registry().handle().account(nick("ana")).unwrap();
    assert_eq!(info.failed_logins, 1);
    let changed = office.ask(change("correct horse", "battery staple"));
    let AccountAnswer::PasswordChanged { owner, key } = changed else {
        panic!("{changed:?}");
    };
    assert_eq!(owner, OwnerId(7));
    assert_ne!(key, UserKey(0));
    office.open_again(CHEAP);
    assert_eq!(office.log_in("ana", "correct horse"), AccountAnswer::Wrong);
    account_of(office.log_in("ana", "battery staple"));

    // Two at once: the second was compared with a password that is not the account's any more.
    let first = office.begin(change("battery staple", "third password"));
    let second = office.begin(change("battery staple", "fourth password"));
    let answers = [office.answer(first), office.answer(second)];
    let changed = answers
        .iter()
        .filter(|it| matches!(it, AccountAnswer::PasswordChanged { .. }));
    assert_eq!(changed.count(), 1, "{answers:?}");
    let registry = office.registry().handle();
    registry.set_disabled(nick("ana"), Some(NOW)).unwrap();
    for old in ["third password", "fourth password"] {
        let answer = office.ask(change(old, "fifth password"));
        assert!(
            matches!(answer, AccountAnswer::Wrong | AccountAnswer::Disabled),
            "{answer:?}"
        );
    }
}

#[test]
fn a_password_is_compared_with_a_hash_that_is_no_accounts() {
    let mut office = Office::open();
    let hash: Arc<str> = CHEAP.hash(&secret("correct horse")).unwrap().into();
    let mut compare = |password: &str, hash: &Arc<str>| {
        let (password, hash) = (secret(password), Arc::clone(hash));
        office.ask(AccountQuestion::Compare { password, hash })
    };
    assert_eq!(compare("correct horse", &hash), AccountAnswer::Right);
    assert_eq!(compare("wrong horse", &hash), AccountAnswer::Wrong);
    assert_eq!(
        compare("correct horse", &"none".into()),
        AccountAnswer::Wrong
    );
}
