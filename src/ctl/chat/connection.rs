//! One connection to a chat server: bytes in, objects out, pings answered.
//! `next` is cancel safe and drives writing too, so it can stand in a `select!`; `send` only queues.
//! Knows the wire's objects but gives them no meaning beyond `ping` and `bye`.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout, timeout_at};

use crate::ctl::locate::Server;
use crate::ctl::trust::{self, TlsFailure};
use crate::wire::chat::{ClientBody, ClientMessage, ServerMessage};
use crate::wire::frame::{Greeting, SERVER_OBJECT_BYTES_MAX, Splitter};

/// Bytes that may wait for a server that does not read; past them its pings are not answered.
const PONG_BACKLOG_BYTES_MAX: usize = 64 * 1024;

/// Bytes asked of the kernel at a time.
const READ_BYTES: usize = 16 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why a connection is over, or never came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nobody listens there, or the way there is broken.
    NoConnection(String),
    /// The server cannot be trusted, or will not trust us; the text says what to do.
    NotTrusted(String),
    /// The server said good-bye.
    Bye { code: String, text: String },
    /// The server closed without a word; what it had said as plain text, if anything.
    Closed { last_words: Option<String> },
    /// Reading or writing failed.
    Broken(String),
    /// The server has been silent for too long.
    Silent(Duration),
    /// What came was not chatd's protocol.
    NotChatd,
}

/// What the system says went wrong, without the number that Rust puts behind it.
fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnection(why) => write!(f, "no connection: {why}"),
            Self::NotTrusted(text) => f.write_str(text),
            Self::Bye { text, .. } => f.write_str(text),
            Self::Closed { last_words: None } => f.write_str("the server closed the connection"),
            Self::Closed {
                last_words: Some(words),
            } => write!(f, "the server closed the connection: {words}"),
            Self::Broken(why) => write!(f, "the connection broke: {why}"),
            Self::Silent(time) => {
                write!(f, "the server has been silent for {} s", time.as_secs())
            }
            Self::NotChatd => f.write_str("that is no chatd: it does not speak chatd's protocol"),
        }
    }
}

/// An open connection.
pub struct Connection {
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    frames: Frames,
    /// Bytes that wait to be written.
    outgoing: Vec<u8>,
    /// Longest silence before the server counts as gone, once that is known.
    silence_max: Option<Duration>,
    heard_at: Instant,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("outgoing_bytes", &self.outgoing.len())
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects and waits for the server's greeting.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn open(server: &Server) -> Result<Self, Lost> {
        let mut connection = Self::connect(server).await?;
        connection.hear_greeting(server).await?;
        Ok(connection)
    }

    /// Connects. The greeting is to be [heard](Self::hear_greeting) before anything else.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn connect(server: &Server) -> Result<Self, Lost> {
        let stream = connect(server).await?;
        let (reader, writer) = tokio::io::split(stream);
        Ok(Self {
            reader,
            writer,
            frames: Frames::default(),
            outgoing: Vec::new(),
            silence_max: None,
            heard_at: Instant::now(),
        })
    }

    /// Waits for the server's greeting.
    ///
    /// # Errors
    /// Why there will be none.
    pub async fn hear_greeting(&mut self, server: &Server) -> Result<(), Lost> {
        while !self.frames.greeted {
            let turned = self.turn().await;
            turned.map_err(|lost| match (lost, server) {
                (Lost::Closed { last_words: None }, Server::Tcp(_)) => Lost::Closed {
                    last_words: Some("it did not greet; if it wants TLS, say --tls".to_owned()),
                },
                (lost, _) => lost,
            })?;
        }
        Ok(())
    }

    /// From here on a server that is silent for this long counts as gone.
    pub fn set_silence_max(&mut self, silence_max: Duration) {
        self.silence_max = Some(silence_max);
    }

    /// Queues an object; `next` writes it.
    pub fn send(&mut self, message: &ClientMessage<'_>) {
        serde_json::to_writer(&mut self.outgoing, message)
            .expect("our own objects are JSON and memory takes all bytes");
        self.outgoing.push(b'\n');
    }

    /// The next object that means something. Pings are answered here; types that this version
    /// does not know are passed over, as the protocol asks.
    ///
    /// # Errors
    /// Why there will be no more.
    pub async fn next(&mut self) -> Result<ServerMessage, Lost> {
        loop {
            while let Some(message) = self.frames.ready.pop_front() {
                match message {
                    ServerMessage::Ping if self.outgoing.len() > PONG_BACKLOG_BYTES_MAX => {}
                    ServerMessage::Ping => self.send(&ClientMessage {
                        id: None,
                        body: ClientBody::Pong,
                    }),
                    ServerMessage::Bye { code, text } => return Err(Lost::Bye { code, text }),
                    other => return Ok(other),
                }
            }
            self.turn_within_silence().await?;
        }
    }

    /// Says good-bye and hears the server out, until it closes or `limit` is over. What it says on the
    /// way is for nobody.
    pub async fn say_good_bye(mut self, limit: Duration) {
        self.send(&ClientMessage {
            id: None,
            body: ClientBody::Quit { reason: None },
        });
        let _ = timeout(limit, async { while self.next().await.is_ok() {} }).await;
    }

    /// The limit holds across calls that were given up, so it counts from what was heard last.
    async fn turn_within_silence(&mut self) -> Result<(), Lost> {
        let Some(silence_max) = self.silence_max else {
            return self.turn().await;
        };
        let until = self.heard_at + silence_max;
        timeout_at(until, self.turn())
            .await
            .unwrap_or(Err(Lost::Silent(silence_max)))
    }

    /// Reads once, writing what can be written meanwhile.
    async fn turn(&mut self) -> Result<(), Lost> {
        let mut bytes = [0; READ_BYTES];
        let read = loop {
            tokio::select! {
                read = self.reader.read(&mut bytes) => break read,
                written = self.writer.write(&self.outgoing), if !self.outgoing.is_empty() => {
                    // What the server says last is worth more than that it no longer listens.
                    match written {
                        Ok(count) => drop(self.outgoing.drain(..count)),
                        Err(_) => self.outgoing.clear(),
                    }
                }
            }
        };
        match read {
            Ok(0) => Err(Lost::Closed {
                last_words: self.frames.last_words(),
            }),
            Ok(count) => {
                self.heard_at = Instant::now();
                self.frames.receive(&bytes[..count])
            }
            // Who closes without TLS's own good-bye has closed all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Lost::Closed {
                last_words: self.frames.last_words(),
            }),
            Err(error) => Err(trust::refuses_us(&error)
                .map_or_else(|| Lost::Broken(error.to_string()), Lost::NotTrusted)),
        }
    }
}

async fn connect(server: &Server) -> Result<Box<dyn Stream>, Lost> {
    let unconnected = |error: io::Error| Lost::NoConnection(in_words(&error));
    Ok(match server {
        Server::Tcp(address) => {
            let stream = TcpStream::connect(address).await.map_err(unconnected)?;
            stream.set_nodelay(true).map_err(unconnected)?;
            Box::new(stream)
        }
        Server::Tls { address, trust } => {
            let stream = trust.connect(address).await;
            Box::new(stream.map_err(|failure| match failure {
                TlsFailure::Socket(error) => unconnected(error),
                failure @ (TlsFailure::Trust(_) | TlsFailure::WrongPin { .. }) => {
                    Lost::NotTrusted(failure.to_string())
                }
            })?)
        }
        Server::Unix(path) => Box::new(UnixStream::connect(path).await.map_err(unconnected)?),
    })
}

/// Objects out of the stream, behind the greeting.
#[derive(Debug, Default)]
struct Frames {
    greeting: Greeting,
    greeted: bool,
    /// The greeting or plain text after it: why the server would not have us.
    words: Option<String>,
    splitter: Splitter,
    understood: bool,
    ready: VecDeque<ServerMessage>,
}

impl Frames {
    fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Lost> {
        if !self.greeted {
            let Some(line) = self.greeting.next(&mut bytes) else {
                return Ok(());
            };
            self.greeted = true;
            self.words = Some(line);
        }
        while let Some(object) = self.splitter.next(&mut bytes, SERVER_OBJECT_BYTES_MAX) {
            let object = object.map_err(|_| Lost::NotChatd)?;
            match serde_json::from_str(&object) {
                Ok(message) => {
                    self.understood = true;
                    self.ready.push_back(message);
                }
                // Before the welcome this can only be another protocol.
                Err(_) if !self.understood => return Err(Lost::NotChatd),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// A greeting explains a close only as long as nothing came after it.
    fn last_words(&mut self) -> Option<String> {
        if self.understood {
            return None;
        }
        let words = self.words.take().unwrap_or_else(|| self.greeting.so_far());
        (!words.is_empty()).then_some(words)
    }
}
