//! What stands ahead of everything that a peer says on its connection, and is taken off by itself. What comes
//! behind it stays in the socket, for whoever serves the connection.

use std::future::poll_fn;
use std::io;

use super::{Socket, Watched};

/// What there is to say about the first bytes of a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// More is needed to know.
    Incomplete,
    /// It is so many bytes long and means this.
    Complete { bytes: usize, meaning: T },
}

/// Why nothing could be taken.
#[derive(Debug, thiserror::Error)]
pub enum AheadError<E> {
    /// The peer closed the connection first.
    #[error("the connection was closed before it was complete")]
    Ended,
    #[error(transparent)]
    Failed(#[from] io::Error),
    #[error("{0}")]
    Refused(E),
}

/// Waits until `look`, which is shown the first bytes again and again, at most `bytes_max` of them, finds what
/// it looks for, and takes that off the stream. Whoever gives up waiting closes the connection.
///
/// # Errors
/// [`AheadError`], among it what `look` refuses; it must refuse what is incomplete in `bytes_max` bytes, or
/// this waits for ever.
pub async fn take_ahead<T, E>(
    socket: Socket,
    bytes_max: usize,
    mut look: impl FnMut(&[u8]) -> Result<Look<T>, E>,
) -> Result<(Socket, T), AheadError<E>> {
    let watched = Watched::new(socket.into())?;
    let mut buffer = vec![0; bytes_max];
    loop {
        poll_fn(|cx| watched.poll_readable(cx)).await?;
        let seen = watched.try_read(|| {
            let seen = Socket::peek(watched.descriptor(), &mut buffer)?;
            let found = if seen == 0 {
                Err(AheadError::Ended)
            } else {
                look(&buffer[..seen]).map_err(AheadError::Refused)
            };
            match found {
                // As if nothing had come, so that this sleeps until more does.
                Ok(Look::Incomplete) => Err(io::ErrorKind::WouldBlock.into()),
                Ok(Look::Complete { bytes, meaning }) => Ok(Ok((bytes, meaning))),
                Err(error) => Ok(Err(error)),
            }
        });
        let (bytes, meaning) = match seen {
            Ok(found) => found?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        };
        let socket = Socket::new(watched.into_descriptor());
        // It was seen there, so it is there, and in one piece.
        socket.read(&mut buffer[..bytes])?;
        return Ok((socket, meaning));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    fn line(bytes: &[u8]) -> Result<Look<String>, String> {
        let text = str::from_utf8(bytes).map_err(|_| "no text".to_owned())?;
        Ok(match text.split_once('\n') {
            Some((line, _)) => Look::Complete {
                bytes: line.len() + 1,
                meaning: line.to_owned(),
            },
            None => Look::Incomplete,
        })
    }

    fn pair() -> (UnixStream, Socket) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (ours, Socket::new(theirs.into()))
    }

    #[tokio::test]
    async fn what_stands_ahead_is_taken_and_the_rest_stays() {
        let (mut peer, socket) = pair();
        let taking = tokio::spawn(take_ahead(socket, 64, line));
        for piece in ["fi", "rst\nsec"] {
            peer.write_all(piece.as_bytes()).unwrap();
            tokio::task::yield_now().await;
        }
        let (socket, meaning) = taking.await.unwrap().unwrap();
        assert_eq!(meaning, "first");
        let mut rest = [0; 64];
        let count = socket.read(&mut rest).unwrap();
        assert_eq!(&rest[..count], b"sec");
    }

    #[tokio::test]
    async fn who_closes_first_or_says_something_else_is_closed() {
        let (peer, socket) = pair();
        drop(peer);
        let ended = take_ahead(socket, 64, line).await.unwrap_err();
        assert!(matches!(ended, AheadError::Ended), "{ended}");

        let (mut peer, socket) = pair();
        peer.write_all(b"\xff").unwrap();
        let refused = take_ahead(socket, 64, line).await.unwrap_err();
        assert_eq!(refused.to_string(), "no text");
        assert!(
            matches!(peer.read(&mut [0]), Ok(0) | Err(_)),
            "it is closed"
        );
    }
}
