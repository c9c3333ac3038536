//! What a message costs before any system call: the bytes of a `send` object become a command, the
//! hub decides, the event is rendered. Pure code through the library's public doors, so that a
//! change of cost shows here without a socket's noise.

use std::hint::black_box;
use std::time::Duration;

use chatd::daemon::protocol::{Dialect, Facts, Incoming, Session, render_event};
use chatd::hub::Hub;
use chatd::hub::command::{Command, MessageKind, Target};
use chatd::hub::event::{Event, EventKind};
use chatd::hub::id::{MessageId, SessionId, UserKey};
use chatd::hub::input::{Input, Origin};
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::Output;
use chatd::hub::settings::Settings;
use chatd::hub::time::{Now, UnixMillis};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn parse(criterion: &mut Criterion) {
    let mut session = Session::chat();
    let facts = facts();
    let mut incoming: Vec<Incoming> = Vec::new();
    session.receive(b"{\"type\":\"hello\",\"v\":1}\n", &facts, &mut incoming);
    let chosen = Incoming::Dialect(Dialect::ChatV1);
    assert_eq!(incoming.first(), Some(&chosen), "{incoming:?}");

    let text = text();
    let object =
        format!("{{\"type\":\"send\",\"id\":\"17\",\"to\":\"#lobby\",\"text\":\"{text}\"}}\n");
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(1));
    group.bench_function("send", |bencher| {
        bencher.iter(|| {
            incoming.clear();
            session.receive(black_box(object.as_bytes()), &facts, &mut incoming);
        });
    });
    group.finish();
    assert!(
        matches!(
            incoming[..],
            [Incoming::Command {
                command: Command::Send { .. },
                ..
            }]
        ),
        "{incoming:?}"
    );
}

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hub");
    group.throughput(Throughput::Elements(1));
    let room = RoomName::lobby();
    let say = Command::Send {
        to: Target::Room(room.clone()),
        kind: MessageKind::Text,
        text: text().into(),
        client_msgid: None,
        tags: None,
    };
    for members in [100, 9000] {
        let mut lobby = Lobby::new(members);
        group.bench_function(format!("message, {members} members"), |bencher| {
            bencher.iter(|| lobby.command(0, say.clone()));
        });
        assert!(
            matches!(lobby.outputs[..], [.., Output::Reply { .. }]),
            "{:?}",
            lobby.outputs
        );
    }
    let mut lobby = Lobby::new(100);
    group.bench_function("part and join, 100 members", |bencher| {
        bencher.iter(|| {
            lobby.command(
                0,
                Command::Part {
                    room: room.clone(),
                    reason: None,
                },
            );
            lobby.command(
                0,
                Command::Join {
                    room: room.clone(),
                    key: None,
                },
            );
        });
    });
    group.finish();
}

fn render(criterion: &mut Criterion) {
    let facts = facts();
    let event = message();
    let mut out = Vec::new();
    let mut group = criterion.benchmark_group("render");
    group.throughput(Throughput::Elements(1));
    for dialect in [Dialect::ChatOld, Dialect::ChatV1] {
        group.bench_function(format!("message, {}", dialect.name()), |bencher| {
            bencher.iter(|| {
                out.clear();
                render_event(dialect, &facts, black_box(&event), &mut out);
            });
        });
    }
    group.finish();
}

/// A hub with everyone in the default room.
struct Lobby {
    hub: Hub,
    /// Of the last command.
    outputs: Vec<Output>,
}

impl Lobby {
    fn new(members: u32) -> Self {
        let mut lobby = Self {
            hub: Hub::new(settings()),
            outputs: Vec::new(),
        };
        for slot in 0..members {
            lobby.input(Input::Connected {
                session: session(slot),
                origin: Origin::Local { uid: None },
                key: UserKey(u128::from(slot)),
            });
            lobby.command(
                slot,
                Command::Login {
                    nick: Nick::parse(&format!("member{slot}")).expect("a nick"),
                    key: None,
                    enter_default_room: true,
                    does_resume: false,
                    since: None,
                    introduction: None,
                },
            );
        }
        let rooms = lobby.hub.rooms();
        assert_eq!(rooms[0].members, members as usize, "everyone is in");
        lobby
    }

    fn command(&mut self, slot: u32, command: Command) {
        self.input(Input::Command {
            session: session(slot),
            request: None,
            command,
        });
    }

    fn input(&mut self, input: Input) {
        let now = Now {
            uptime: Duration::from_secs(60),
            unix: NOW,
        };
        self.outputs.clear();
        self.hub.handle(now, black_box(input), &mut self.outputs);
    }
}

fn session(slot: u32) -> SessionId {
    SessionId {
        slot,
        serial: slot + 1,
    }
}

/// Wide enough for every case, and without flood control.
fn settings() -> Settings {
    Settings {
        max_connections: 20_000,
        rate: 0.0,
        ..Settings::default()
    }
}

fn facts() -> Facts {
    Facts {
        server_name: "chatd".into(),
        software: "chatd".into(),
        motd: String::new(),
        settings: settings(),
        origins: Vec::new(),
        has_history: false,
        list_bytes: 512 * 1024,
        irc_autoreplay: 20,
        irc_sts: None,
        irc_password: None,
        irc_admin: String::new(),
        utc_offset_seconds: 0,
        started_at: UnixMillis(0),
        now: NOW,
    }
}

fn message() -> Event {
    Event {
        at: NOW,
        id: MessageId::default().next(NOW.0),
        kind: EventKind::Message {
            room: RoomName::lobby(),
            from: Nick::parse("ana").expect("a nick"),
            kind: MessageKind::Text,
            text: text().into(),
            tags: None,
        },
        actor: None,
    }
}

/// 64 bytes that look like speech.
fn text() -> &'static str {
    "The backup of the second volume is done, and it took 41 minutes."
}

/// 2026-11-23 09:00:00 UTC.
const NOW: UnixMillis = UnixMillis(1_795_424_400_000);

criterion_group!(hot_path, parse, decide, render);
criterion_main!(hot_path);
