//! The admin API's client: one HTTP request per call over the daemon's Unix socket.
//! It turns every way to fail into the exit code that the contract gives it; it knows no command.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::exit::{Exit, Failure};
use crate::wire::admin::Problem;

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The way to the daemon's admin socket.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where the socket may be; the first that answers is taken.
    sockets: Vec<PathBuf>,
    timeout: Duration,
}

impl Admin {
    /// A client that tries these sockets in order and waits this long for an answer.
    #[must_use]
    pub fn new(sockets: Vec<PathBuf>, timeout: Duration) -> Self {
        Self { sockets, timeout }
    }

    /// The same with another timeout.
    #[must_use]
    pub fn within(&self, timeout: Duration) -> Self {
        Self {
            sockets: self.sockets.clone(),
            timeout,
        }
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// A [`Failure`] with the exit code for what happened.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.request(Method::GET, path, Vec::new()).await
    }

    /// Asks for an action that needs no words.
    ///
    /// # Errors
    /// As [`Admin::get`].
    pub async fn act<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.request(Method::POST, path, Vec::new()).await
    }

    /// Asks for an action.
    ///
    /// # Errors
    /// As [`Admin::get`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        self.request(Method::POST, path, serde_json::to_vec(body)?)
            .await
    }

    /// Sets a value.
    ///
    /// # Errors
    /// As [`Admin::get`].
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        self.request(Method::PUT, path, serde_json::to_vec(body)?)
            .await
    }

    /// Sends lines as they are.
    ///
    /// # Errors
    /// As [`Admin::get`].
    pub async fn post_lines<T: DeserializeOwned>(&self, path: &str, lines: Vec<u8>) -> Result<T> {
        self.request(Method::POST, path, lines).await
    }

    /// Reads a resource of any length and hands it on piece by piece.
    ///
    /// # Errors
    /// As [`Admin::get`]; when the answer breaks off; and whatever `take` says, which ends it.
    pub async fn download(
        &self,
        path: &str,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let download = async {
            let response = self.open(Method::GET, path, Vec::new()).await?;
            if !response.status().is_success() {
                let (status, bytes) = collect(response).await?;
                return Err(refused(status, &bytes, path));
            }
            let mut body = response.into_body();
            while let Some(frame) = body.frame().await {
                if let Ok(piece) = frame.map_err(broke_off)?.into_data() {
                    take(&piece)?;
                }
            }
            Ok(())
        };
        self.in_time(download).await
    }

    async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<T> {
        let exchange = async { collect(self.open(method, path, body).await?).await };
        let (status, bytes) = self.in_time(exchange).await?;
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .context("chatd's answer is not what this chatctl expects; compare `chatctl --version` and `chatd --version`");
        }
        Err(refused(status, &bytes, path))
    }

    async fn in_time<T>(&self, exchange: impl Future<Output = Result<T>>) -> Result<T> {
        let Ok(answer) = tokio::time::timeout(self.timeout, exchange).await else {
            return Err(Failure::new(
                Exit::TimedOut,
                format!(
                    "chatd did not answer within {} s; --timeout waits longer",
                    self.timeout.as_secs_f32()
                ),
            )
            .into());
        };
        answer
    }

    /// Sends a request; the answer has begun.
    async fn open(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Response<Incoming>> {
        let stream = self.connect().await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(ended)?;
        // It makes progress only while it is polled, and ends with the answer. How it ends shows there.
        tokio::spawn(async move { connection.await.ok() });
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost");
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        Ok(sender.send_request(request).await.map_err(ended)?)
    }

    async fn connect(&self) -> Result<UnixStream> {
        for socket in &self.sockets {
            match UnixStream::connect(socket).await {
                Ok(stream) => return Ok(stream),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(Failure::new(
                        Exit::NotPermitted,
                        format!("may not open {}: {error}", socket.display()),
                    )
                    .into());
                }
                Err(error) if is_absent(&error) => {}
                Err(error) => {
                    return Err(Failure::new(
                        Exit::Unreachable,
                        format!("no way to {}: {error}", socket.display()),
                    )
                    .into());
                }
            }
        }
        Err(not_running(&self.sockets).into())
    }
}

async fn collect(response: Response<Incoming>) -> Result<(StatusCode, Bytes)> {
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
    let bytes = body.collect().await.map_err(broke_off)?;
    Ok((status, bytes.to_bytes()))
}

fn broke_off(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("chatd's answer broke off: {error}")
}

fn refused(status: StatusCode, answer: &[u8], path: &str) -> anyhow::Error {
    match serde_json::from_slice::<Problem>(answer) {
        // A name or an argument that chatd can make no sense of: nothing was tried.
        Ok(problem)
            if matches!(
                &*problem.code,
                "bad_request" | "bad_nick" | "bad_room" | "bad_subject" | "bad_setting"
            ) =>
        {
            Failure::new(Exit::Usage, problem.text).into()
        }
        Ok(problem) => Failure::answered(&problem.code, problem.text).into(),
        Err(_) => Failure::new(
            Exit::Failed,
            format!("chatd answered {status} to {path}; does it have this chatctl's version?"),
        )
        .into(),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory
    )
}

fn not_running(sockets: &[PathBuf]) -> Failure {
    let tried: Vec<_> = sockets
        .iter()
        .map(|socket| Path::display(socket).to_string())
        .collect();
    Failure::new(
        Exit::Unreachable,
        format!(
            "chatd is not running (no answer on {}); {HOW_TO_START}",
            tried.join(" or ")
        ),
    )
}

/// How to start the daemon, for every message that says that it does not run.
pub const HOW_TO_START: &str =
    "start it: systemctl start chatd  (or from a clone: cargo run --release)";

#[expect(clippy::needless_pass_by_value, reason = "used by map_err")]
fn ended(error: hyper::Error) -> Failure {
    Failure::new(
        Exit::Unreachable,
        format!("chatd ended the connection before it answered ({error}); is it stopping?"),
    )
}
