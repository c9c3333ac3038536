//! IRC by WebSocket, with a client that is not ours: both subprotocols in one room with plain IRC, TLS, what is no
//! WebSocket, and how it ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use nix::sys::signal::Signal;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::json;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use crate::support::peers::Wire;
use crate::support::tls::Authority;
use crate::support::{Daemon, PATIENCE, wait_for};

/// One daemon with a listener for HTTP, which is the first, and one for IRC.
fn daemon(more: &str) -> Daemon {
    Daemon::start(&format!(
        "[[listen]]\nprotocol = \"http\"\nport = 0\n[[listen]]\nprotocol = \"irc\"\nport = 0\n{more}"
    ))
}

fn irc_addr(daemon: &Daemon) -> SocketAddr {
    let status = daemon.admin("GET", "/v1/status", "").1;
    let address = status["listeners"][1]["address"]
        .as_str()
        .expect("a second listener");
    address.parse().expect("an address")
}

struct Client<S> {
    socket: WebSocket<S>,
    is_binary: bool,
    subprotocol: Option<String>,
}

type Refused = (u16, String);

fn connect<S: Read + Write>(
    stream: S,
    subprotocol: &str,
    origin: Option<&str>,
) -> Result<Client<S>, Refused> {
    let mut request = "ws://localhost/socket".into_client_request().unwrap();
    let headers = request.headers_mut();
    if !subprotocol.is_empty() {
        let value = HeaderValue::from_str(subprotocol).unwrap();
        headers.insert("Sec-WebSocket-Protocol", value);
    }
    if let Some(origin) = origin {
        headers.insert("Origin", HeaderValue::from_str(origin).unwrap());
    }
    match tungstenite::client(request, stream) {
        Ok((socket, response)) => {
            let agreed = response.headers().get("Sec-WebSocket-Protocol");
            let agreed = agreed.map(|it| it.to_str().unwrap().to_owned());
            Ok(Client {
                socket,
                is_binary: agreed.as_deref() == Some("binary.ircv3.net"),
                subprotocol: agreed,
            })
        }
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
            let body = answer.body().clone().unwrap_or_default();
            Err((answer.status().as_u16(), String::from_utf8(body).unwrap()))
        }
        Err(error) => panic!("{error}"),
    }
}

fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a server that accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

impl Client<TcpStream> {
    fn join(daemon: &Daemon, subprotocol: &str, nick: &str) -> Self {
        let mut client = connect(tcp(daemon.chat_addr()), subprotocol, None).expect("a WebSocket");
        client.register(nick);
        client.say("JOIN #ws");
        client.hear(" 366 ");
        client
    }
}

impl<S: Read + Write> Client<S> {
    fn register(&mut self, nick: &str) {
        self.say(&format!("NICK {nick}"));
        self.say("USER u 0 * :U");
        self.hear(" 001 ");
    }

    fn say(&mut self, line: &str) {
        let message = if self.is_binary {
            Message::Binary(line.as_bytes().to_vec().into())
        } else {
            Message::Text(line.into())
        };
        self.socket.send(message).expect("a server that reads");
    }

    /// The next line; the code with which the server closes when it does.
    fn next(&mut self) -> Result<String, CloseCode> {
        loop {
            match self.socket.read().expect("a message in time") {
                Message::Text(line) if !self.is_binary => return Ok(line.as_str().to_owned()),
                Message::Binary(line) if self.is_binary => {
                    return Ok(String::from_utf8(line.to_vec()).expect("UTF-8"));
                }
                Message::Close(frame) => return Err(frame.expect("with a code").code),
                Message::Pong(_) => {}
                other @ (Message::Text(_)
                | Message::Binary(_)
                | Message::Ping(_)
                | Message::Frame(_)) => panic!("not agreed on: {other}"),
            }
        }
    }

    /// Skips to the line that has this.
    fn hear(&mut self, part: &str) -> String {
        loop {
            let line = self.next().unwrap_or_else(|code| panic!("closed: {code}"));
            assert!(!line.ends_with(['\r', '\n']), "{line:?}");
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Reads to the end: the last line, and the code.
    fn end(&mut self) -> (String, CloseCode) {
        let mut last = String::new();
        loop {
            match self.next() {
                Ok(line) => last = line,
                Err(code) => return (last, code),
            }
        }
    }
}

#[test]
fn text_binary_and_plain_irc_are_in_one_room() {
    let daemon = daemon("");
    let mut ana = Client::join(&daemon, "text.ircv3.net, binary.ircv3.net", "ana");
    let mut ben = Client::join(&daemon, "binary.ircv3.net", "ben");
    assert_eq!(ana.subprotocol.as_deref(), Some("text.ircv3.net"));
    assert_eq!(ben.subprotocol.as_deref(), Some("binary.ircv3.net"));
    let mut cho = Client::join(&daemon, "", "cho");
    assert_eq!(cho.subprotocol, None);
    let mut dee = Wire::connect_silently(irc_addr(&daemon));
    dee.send(b"NICK dee\r\nUSER u 0 * :U\r\nJOIN #ws\r\n");
    ana.hear(":dee!");

    let long = "x".repeat(200);
    ana.say(&format!("PRIVMSG #ws :müde {long}"));
    for heard in [ben.hear("PRIVMSG"), cho.hear("PRIVMSG")] {
        assert!(heard.starts_with(":ana!"), "{heard}");
        assert!(
            heard.ends_with(&format!("PRIVMSG #ws :müde {long}")),
            "{heard}"
        );
    }
    ben.say("PRIVMSG #ws :of it");
    ana.hear(" PRIVMSG #ws :of it");
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let line = dee.line().expect("a line");
        heard.extend(line.contains("PRIVMSG").then_some(line));
    }
    dee.send(b"PRIVMSG ana :plainly\r\n");
    assert!(ana.hear("PRIVMSG").ends_with("PRIVMSG ana :plainly"));

    let who = daemon.admin("GET", "/v1/who", "").1;
    let sessions = who["sessions"].as_array().unwrap().iter();
    let dialects: Vec<&str> = sessions.map(|it| it["dialect"].as_str().unwrap()).collect();
    let ws = "irc-websocket";
    assert_eq!(dialects, [ws, ws, ws, "irc"]);
}

#[test]
fn pings_are_answered_and_a_message_may_come_in_pieces() {
    use tungstenite::protocol::frame::Frame;
    use tungstenite::protocol::frame::coding::{Data, OpCode};
    let daemon = daemon("");
    let mut ana = Client::join(&daemon, "text.ircv3.net", "ana");
    let piece = |text: &'static str, data, is_last| {
        Message::Frame(Frame::message(text, OpCode::Data(data), is_last))
    };
    ana.socket
        .write(piece("PING o", Data::Text, false))
        .unwrap();
    ana.socket
        .write(Message::Ping("are you there".into()))
        .unwrap();
    ana.socket.write(piece("ne", Data::Continue, true)).unwrap();
    ana.socket.flush().unwrap();
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.push(ana.socket.read().expect("a message").to_string());
    }
    heard.sort();
    assert!(
        heard[0].contains("PONG") && heard[0].ends_with("one"),
        "{heard:?}"
    );
    assert_eq!(heard[1], "are you there");
}

#[test]
fn by_tls_it_is_the_same() {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new(files.path(), "ca");
    authority.issue("server", 90);
    let config = authority.config("server", "");
    let daemon = Daemon::start(&config.replace("tls = true", "tls = true\nprotocol = \"http\""));
    let client = authority.client("ca", None);
    let name = ServerName::from(daemon.chat_addr().ip());
    let tls = ClientConnection::new(Arc::clone(&client), name).unwrap();
    let stream = StreamOwned::new(tls, tcp(daemon.chat_addr()));
    let mut ana = connect(stream, "text.ircv3.net", None).expect("a WebSocket");
    ana.register("ana");
    ana.say("JOIN #ws");
    ana.hear(" 366 ");
}

#[test]
fn both_sides_say_the_end() {
    let mut daemon = daemon("");
    let mut ana = Client::join(&daemon, "text.ircv3.net", "ana");
    let mut ben = Client::join(&daemon, "text.ircv3.net", "ben");
    ana.hear("JOIN");
    ben.socket.close(None).expect("a server that reads");
    ana.hear("QUIT");
    assert_eq!(ben.next(), Err(CloseCode::Normal));
    wait_for("the end to be counted", || {
        (daemon.stats()["connections_ended"]["closed"] == 1).then_some(())
    });

    let mut cho = Client::join(&daemon, "text.ircv3.net", "cho");
    cho.say("QUIT :so long");
    assert_eq!(cho.end().1, CloseCode::Normal);
    let mut dee = Client::join(&daemon, "text.ircv3.net", "dee");
    let kick = json!({"nick": "dee", "reason": "enough"}).to_string();
    assert_eq!(daemon.admin("POST", "/v1/kick", &kick).0, 200);
    let (error, code) = dee.end();
    assert_eq!(code, CloseCode::Policy);
    assert!(
        error.starts_with("ERROR :") && error.contains("enough"),
        "{error}"
    );
    dee = Client::join(&daemon, "text.ircv3.net", "dee");
    let long = "x".repeat(70_000);
    dee.say(&long);
    assert_eq!(dee.end().1, CloseCode::Size);

    daemon.signal(Signal::SIGTERM);
    assert_eq!(ana.end().1, CloseCode::Away);
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn what_is_no_websocket_is_answered_by_http() {
    let daemon = daemon("[limits]\nlogin_timeout = \"2s\"\n");
    let answer = |request: &str| {
        let mut stream = tcp(daemon.chat_addr());
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an orderly end");
        answer
    };
    let page = answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(page.ends_with("know it.\n"), "{page}");
    assert!(answer("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(answer("NICK ana\r\nUSER u 0 * :U\r\n").starts_with("HTTP/1.1 400 "));
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(9000));
    assert!(answer(&long).starts_with("HTTP/1.1 431 "));
    assert!(answer("GET / HTT").starts_with("HTTP/1.1 408 "), "too slow");
    assert_eq!(daemon.stats()["connections_open"], 0);
}

#[test]
fn pages_of_other_origins_are_refused_where_some_are_listed() {
    let listed = "[http]\norigins = [\"https://chat.example\"]\n";
    let daemon = daemon(listed);
    let from = |origin: Option<&str>| connect(tcp(daemon.chat_addr()), "text.ircv3.net", origin);
    assert!(from(Some("https://chat.example")).is_ok());
    assert!(from(None).is_ok(), "no web page");
    let Err((status, text)) = from(Some("https://evil.example")) else {
        panic!("it was let in");
    };
    assert_eq!(status, 403);
    assert!(text.contains("origin"), "{text}");

    daemon.rewrite_config(
        "[[listen]]\nprotocol = \"http\"\nport = 0\n[[listen]]\nprotocol = \"irc\"\nport = 0\n",
    );
    assert_eq!(daemon.admin("POST", "/v1/reload", "").0, 200);
    assert!(from(Some("https://evil.example")).is_ok());
}

#[test]
fn too_many_from_an_address_are_told_so_by_http() {
    let daemon = daemon("[limits]\nmax_connections_per_ip = 1\n");
    let _ana = Client::join(&daemon, "text.ircv3.net", "ana");
    let refused = connect(tcp(daemon.chat_addr()), "text.ircv3.net", None);
    let Err((status, text)) = refused else {
        panic!("it was let in");
    };
    assert_eq!(status, 429);
    assert!(text.contains("address"), "{text}");
}
