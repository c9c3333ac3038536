//! What operators may ask of the registry. Each call but `status` waits for the clerk, so none belongs on the thread
//! that serves chat. What they change is told to the registry's owner before they have their answer.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use crate::hub::account::{AccountChange, TokenId};
use crate::hub::fingerprint::Fingerprint;
use crate::hub::name::{Nick, RoomName};
use crate::hub::secret::Secret;
use crate::hub::time::UnixMillis;

use super::Shared;
use super::book::{AccountRow, Book, NewAccount, NotMade};
use super::clerk::{Clerk, Message};
use super::error::{Full, RegistryError};
use super::hash::{draw_secret, hash_of_secret};
use super::news::News;
use super::passwords::Prepared;
use super::records::RegistryStatus;
use super::report::{AccountInfo, InvitationInfo, TokenInfo};

/// How long an operator waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// A way to the registry for operators. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RegistryHandle {
    shared: Arc<Shared>,
    inbox: SyncSender<Message>,
}

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub account: Nick,
    pub note: Option<String>,
    /// `None`: everywhere.
    pub rooms: Option<Vec<RoomName>>,
    pub send_only: bool,
    pub at: UnixMillis,
    /// `None`: never.
    pub expires_at: Option<UnixMillis>,
}

type Changed<T> = Result<(T, Option<AccountChange>), RegistryError>;

impl RegistryHandle {
    pub(super) fn new(shared: Arc<Shared>, inbox: SyncSender<Message>) -> Self {
        Self { shared, inbox }
    }

    /// Makes an account; without a password, only tokens and certificates log in to it.
    ///
    /// # Errors
    /// [`RegistryError::NameTaken`], and as all of these [`RegistryError::Busy`],
    /// [`RegistryError::TimedOut`] and [`RegistryError::Sqlite`].
    pub fn add(
        &self,
        name: Nick,
        password: Option<Secret>,
        at: UnixMillis,
    ) -> Result<(), RegistryError> {
        let prepared = password.map(|it| self.prepare(&name, it)).transpose()?;
        self.change(move |book| {
            let added = book.add(&NewAccount {
                name: &name,
                owner: None,
                password: prepared.as_ref(),
                invitation: None,
                at,
            });
            match added {
                Ok(account) => {
                    let (owner, name) = (account.owner, account.name);
                    Ok(((), Some(AccountChange::Added { owner, name })))
                }
                // No invitation is asked for here.
                Err(NotMade::NameTaken | NotMade::BadInvitation) => {
                    Err(RegistryError::NameTaken(name.to_string()))
                }
                Err(NotMade::Failed(error)) => Err(error.into()),
            }
        })
    }

    /// Removes an account and its tokens. What it said stays, and nobody is its author any more.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`].
    pub fn remove(&self, name: Nick) -> Result<(), RegistryError> {
        self.change(move |book| {
            let row = find(book, &name)?;
            book.remove(row.id)?;
            let (owner, name) = (row.owner, row.name);
            Ok(((), Some(AccountChange::Removed { owner, name })))
        })
    }

    /// Gives an account another password, and logs it out everywhere.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`].
    pub fn set_password(&self, name: Nick, password: Secret) -> Result<(), RegistryError> {
        let prepared = self.prepare(&name, password)?;
        self.change(move |book| {
            let row = find(book, &name)?;
            book.set_password(row.id, &prepared)?;
            Ok(((), Some(AccountChange::LoggedOut { owner: row.owner })))
        })
    }

    /// Closes an account and logs it out everywhere, or (`None`) opens it again.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`].
    pub fn set_disabled(&self, name: Nick, at: Option<UnixMillis>) -> Result<(), RegistryError> {
        self.change(move |book| {
            let row = find(book, &name)?;
            book.set_disabled(row.id, at)?;
            let owner = row.owner;
            Ok(((), at.map(|_| AccountChange::LoggedOut { owner })))
        })
    }

    /// Lets whoever shows this certificate log in to an account.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`], [`RegistryError::CertificateTaken`], [`RegistryError::TooMany`].
    pub fn add_certificate(
        &self,
        name: Nick,
        fingerprint: Fingerprint,
        at: UnixMillis,
    ) -> Result<(), RegistryError> {
        self.change(move |book| {
            let row = find(book, &name)?;
            book.add_certificate(row.id, &fingerprint, at)?;
            Ok(((), None))
        })
    }

    /// Takes that back, and ends the sessions that logged in by it.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`], [`RegistryError::NoSuchCertificate`].
    pub fn remove_certificate(
        &self,
        name: Nick,
        fingerprint: Fingerprint,
    ) -> Result<(), RegistryError> {
        self.change(move |book| {
            let row = find(book, &name)?;
            book.remove_certificate(row.id, &fingerprint)?;
            Ok(((), Some(AccountChange::CertificateRemoved { fingerprint })))
        })
    }

    /// Makes an account a server operator's, at once also for who is logged in to it, or takes that back.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`].
    pub fn set_operator(&self, name: Nick, is_operator: bool) -> Result<(), RegistryError> {
        self.change(move |book| {
            let row = find(book, &name)?;
            book.set_operator(row.id, is_operator)?;
            let owner = row.owner;
            let change = AccountChange::OperatorSet { owner, is_operator };
            Ok(((), Some(change)))
        })
    }

    /// How it stands with the writing of what is set about rooms and of rules. Does not wait.
    #[must_use]
    pub fn status(&self) -> RegistryStatus {
        self.shared.records.status()
    }

    /// One account.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`].
    pub fn account(&self, name: Nick) -> Result<AccountInfo, RegistryError> {
        self.change(move |book| {
            let row = find(book, &name)?;
            Ok((book.info(row)?, None))
        })
    }

    /// Up to `limit` accounts behind a name, by name.
    ///
    /// # Errors
    /// See [`add`](Self::add).
    pub fn accounts(
        &self,
        after: Option<Nick>,
        limit: usize,
    ) -> Result<Vec<AccountInfo>, RegistryError> {
        self.change(move |book| Ok((book.accounts(after.as_ref(), limit)?, None)))
    }

    /// Draws an invitation. It cannot be shown again.
    ///
    /// # Errors
    /// [`RegistryError::TooMany`].
    pub fn invite(
        &self,
        note: Option<String>,
        at: UnixMillis,
        expires_at: UnixMillis,
    ) -> Result<(i64, Secret), RegistryError> {
        let secret = draw_secret("invitation");
        let hash = hash_of_secret(&secret);
        let id = self
            .change(move |book| Ok((book.invite(&hash, note.as_deref(), at, expires_at)?, None)))?;
        Ok((id, secret))
    }

    /// Those that are open.
    ///
    /// # Errors
    /// See [`add`](Self::add).
    pub fn invitations(&self, at: UnixMillis) -> Result<Vec<InvitationInfo>, RegistryError> {
        self.change(move |book| Ok((book.invitations(at)?, None)))
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchInvitation`].
    pub fn revoke_invitation(&self, id: i64) -> Result<(), RegistryError> {
        self.change(move |book| Ok((book.revoke_invitation(id)?, None)))
    }

    /// Draws a token. It cannot be shown again.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`], [`RegistryError::TooMany`].
    pub fn add_token(&self, request: TokenRequest) -> Result<(i64, Secret), RegistryError> {
        let secret = draw_secret("token");
        let hash = hash_of_secret(&secret);
        let id = self.change(move |book| {
            let row = find(book, &request.account)?;
            let token = TokenInfo {
                id: TokenId(0),
                account: request.account,
                note: request.note,
                rooms: request.rooms,
                send_only: request.send_only,
                created_at: request.at,
                expires_at: request.expires_at,
                last_used_at: None,
            };
            Ok((book.add_token(row.id, &hash, &token)?, None))
        })?;
        Ok((id, secret))
    }

    /// Up to `limit` tokens behind an id, of one account or of all, by id.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchAccount`].
    pub fn tokens(
        &self,
        of: Option<Nick>,
        after: i64,
        limit: usize,
    ) -> Result<Vec<TokenInfo>, RegistryError> {
        self.change(move |book| {
            of.as_ref().map(|name| find(book, name)).transpose()?;
            Ok((book.tokens(of.as_ref(), after, limit)?, None))
        })
    }

    /// Takes a token back, and ends the sessions that logged in with it.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchToken`].
    pub fn revoke_token(&self, token: TokenId) -> Result<(), RegistryError> {
        self.change(move |book| {
            book.revoke_token(token)?;
            Ok(((), Some(AccountChange::TokenRevoked { token })))
        })
    }

    /// Has a password hashed where all are, so that operators, too, can only do so many at a time; but
    /// before the logins that wait.
    fn prepare(&self, name: &Nick, password: Secret) -> Result<Prepared, RegistryError> {
        let (hashing, name) = (Arc::clone(&self.shared.hashing), name.clone());
        let (done, prepared) = sync_channel(1);
        self.shared.pool.run_first(move || {
            let _ = done.send(hashing.prepare(&name, &password)); // who asked may have given up
        })?;
        prepared.recv_timeout(PATIENCE).map_err(patience_is_over)?
    }

    /// Has something done by the clerk, who tells the owner what changed.
    fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Book) -> Changed<T> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let (done, result) = sync_channel(1);
        let job = move |clerk: &mut Clerk| {
            clerk.write_touches();
            let result = work(&mut clerk.book).map(|(value, change)| {
                if let Some(change) = change {
                    clerk.tell(News::Changed(change));
                }
                value
            });
            let _ = done.send(result); // who asked may have given up
        };
        let sent = self.inbox.try_send(Message::Job(Box::new(job)));
        sent.map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Full,
        })?;
        result.recv_timeout(PATIENCE).map_err(patience_is_over)?
    }
}

fn patience_is_over(error: RecvTimeoutError) -> RegistryError {
    match error {
        RecvTimeoutError::Timeout => RegistryError::TimedOut,
        RecvTimeoutError::Disconnected => RegistryError::Busy(Full), // it is being closed
    }
}

fn find(book: &Book, name: &Nick) -> Result<AccountRow, RegistryError> {
    let row = book.account(name)?;
    row.ok_or_else(|| RegistryError::NoSuchAccount(name.to_string()))
}
