//! A long answer in pieces, from a thread that makes them to a client that takes them. A few wait between
//! the two; a client that is gone, or takes nothing, ends the thread.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc;

use super::failure::Failure;
use super::patience::Patience;

/// About how long a piece is, in bytes.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// Pieces that may wait for the client.
const WAITING_MAX: usize = 4;

/// The next piece, or why there is none.
pub(super) type Piece = Result<Bytes, Failure>;

/// The body of a long answer.
#[derive(Debug)]
pub(super) struct Pieces {
    /// Taken out of the channel before the answer began.
    first: Option<Bytes>,
    rest: mpsc::Receiver<Piece>,
    patience: Patience,
}

/// The two ends: for the thread, and for [`Pieces::begin`].
pub(super) fn channel() -> (mpsc::Sender<Piece>, mpsc::Receiver<Piece>) {
    mpsc::channel(WAITING_MAX)
}

impl Pieces {
    /// Waits for the first piece: what fails at once has an answer of its own; later the answer can only
    /// break off. `None` when there is no piece at all.
    pub(super) async fn begin(
        mut rest: mpsc::Receiver<Piece>,
        patience: Patience,
    ) -> Option<Result<Self, Failure>> {
        let at_work = patience.at_work();
        let first = rest.recv().await?;
        drop(at_work);
        Some(first.map(|first| Self {
            first: Some(first),
            rest,
            patience,
        }))
    }
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.patience.moved();
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let next = std::task::ready!(self.rest.poll_recv(cx));
        Poll::Ready(
            next.map(|piece| piece.map_err(|failure| io::Error::other(failure.code().to_owned()))),
        )
    }
}
