//! Each protocol in which messages are kept, heard by a writer: how it comes in, what a promise is, and
//! what a server says that it has.

use super::tests::{Listener, comes_in};
use super::{Place, Stage};
use crate::ctl::bench::args::Protocol;

#[test]
fn a_writer_comes_in_where_what_it_says_is_kept() {
    let in_a_room = [
        ">",
        "<Welcome to chatd.\n",
        ">{\"type\":\"hello\",\"v\":1,\"nick\":\"bench-1234-5\",\"client\":\"chatctl bench\",\"enter\":false,\"echo\":false}\n",
        "<{\"type\":\"login\",\"nick\":\"bench-1234-5\",\"key\":\"k\"}\n",
        ">{\"type\":\"join\",\"room\":\"#bench-1234-3\"}\n",
        "<{\"type\":\"joined\",\"room\":\"#bench-1234-3\",\"topic\":null,\"members\":1}\n",
    ];
    comes_in(Protocol::Chat, Place::Kept(3), &in_a_room);
    let adds = [">*1\r\n$4\r\nPING\r\n", "<+PONG\r\n"];
    comes_in(Protocol::Redis, Place::Kept(3), &adds);
    let in_a_stream = [
        ">",
        "<INFO {\"server_id\":\"x\"} \r\n",
        ">CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"chatctl\",\"version\":\"1\",\"name\":\"chatctl bench\",\"protocol\":1}\r\nPING\r\n",
        "<PONG\r\n",
        ">SUB _INBOX.bench-1234-5 1\r\nPUB $JS.API.STREAM.CREATE.bench-1234-3 _INBOX.bench-1234-5 68\r\n{\"name\":\"bench-1234-3\",\"storage\":\"file\",\"subjects\":[\"bench-1234-3\"]}\r\n",
        "<MSG _INBOX.bench-1234-5 1 13\r\n{\"config\":{}}\r\n",
    ];
    comes_in(Protocol::Nats, Place::Kept(3), &in_a_stream);
}

/// What a writer hears that is in, in words.
fn writer_hears(protocol: Protocol, bytes: &str) -> Vec<String> {
    let mut writer = Listener::connected(protocol, Place::Kept(3));
    writer.client.stage = Stage::Ready;
    writer.hear(bytes.as_bytes());
    writer.heard
}

#[test]
fn what_is_kept_is_promised_and_told() {
    let page = "{\"type\":\"ack\",\"msgid\":\"m\",\"time\":\"t\"}\n\
        {\"type\":\"history\",\"of\":\"#r\",\"messages\":[{\"msgid\":\"a\",\"time\":\"t\",\"from\":\"n\",\"text\":\"x\"}],\"more\":true}\n\
        {\"type\":\"history\",\"of\":\"#r\",\"messages\":[{\"msgid\":\"b\",\"time\":\"t\",\"from\":\"n\",\"text\":\"y\"}],\"further\":true}\n";
    let heard = [
        "Accepted",
        "Stored(Text([120]))",
        "Stored(Text([121]))",
        "Stored(End { next: Some(\"b\") })",
    ];
    assert_eq!(writer_hears(Protocol::Chat, page), heard);
    let counted = "$15\r\n1526919030474-0\r\n:17\r\n-OOM no\r\n";
    let heard = ["Accepted", "Stored(Count(17))", "refused: OOM no"];
    assert_eq!(writer_hears(Protocol::Redis, counted), heard);
    let answers = [
        "{\"stream\":\"s\",\"seq\":7}",
        "{\"state\":{\"messages\":9}}",
        "{\"error\":{\"code\":503,\"description\":\"no room\"},\"seq\":0}",
    ];
    let told = answers.map(|it| format!("MSG _INBOX.bench-1234-5 1 {}\r\n{it}\r\n", it.len()));
    let heard = ["Accepted", "Stored(Count(9))", "refused: no room"];
    assert_eq!(writer_hears(Protocol::Nats, &told.concat()), heard);
}
