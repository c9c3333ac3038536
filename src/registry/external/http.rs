//! The check as a service on this machine: one POST, one connection.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::answer::{ANSWER_BYTES_MAX, Trouble};

pub(super) async fn ask(
    address: SocketAddr,
    path: &str,
    question: Zeroizing<Vec<u8>>,
    until: Instant,
) -> Result<Vec<u8>, Trouble> {
    let asked = timeout_at(until, exchange(address, path, question)).await;
    asked.map_err(|_| Trouble::TookTooLong)?
}

async fn exchange(
    address: SocketAddr,
    path: &str,
    question: Zeroizing<Vec<u8>>,
) -> Result<Vec<u8>, Trouble> {
    let stream = TcpStream::connect(address).await;
    let stream = TokioIo::new(stream.map_err(Trouble::NotReached)?);
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broke_off)?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, address.to_string())
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close")
        .body(Full::new(Bytes::from_owner(question)))
        .expect("the path was checked by the config");
    let answer = async {
        let response = sender.send_request(request).await.map_err(broke_off)?;
        if response.status() != StatusCode::OK {
            return Err(Trouble::Status(response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let body = body.collect().await.map_err(|error| match error
            .downcast_ref::<http_body_util::LengthLimitError>()
        {
            Some(_) => Trouble::TooLong,
            None => Trouble::BrokeOff,
        })?;
        Ok(body.to_bytes().to_vec())
    };
    // The connection is driven beside it, and given up with it.
    let driven = async {
        connection.await.ok(); // what went wrong, the answer tells
        std::future::pending().await
    };
    tokio::select! {
        answer = answer => answer,
        never = driven => never,
    }
}

fn broke_off(_: hyper::Error) -> Trouble {
    Trouble::BrokeOff
}
