//! An admin socket on a temporary path, an engine with two sessions behind it, and a client.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chatd::config::paths::Environment;
use chatd::config::{self, Config, Sources};
use chatd::daemon::admin::{self, Accounts, AdminState, History};
use chatd::daemon::certificates::Certificates;
use chatd::daemon::clock::Clock;
use chatd::daemon::engine::handle::{Counters, EngineHandle, EngineStats, Question, SessionRow};
use chatd::daemon::instance;
use chatd::daemon::logging::{self, Guard, Logging, Stderr};
use chatd::daemon::nofile::OpenFiles;
use chatd::daemon::reload::Reloader;
use chatd::daemon::state::DaemonState;
use chatd::hub::history::OwnerId;
use chatd::hub::id::SessionId;
use chatd::hub::input::AdminCommand;
use chatd::hub::moderation::request::{Moderated, Moderation, RoomInfo};
use chatd::hub::moderation::room::RoleRecord;
use chatd::hub::moderation::rule::{Effect, Rule, RuleId};
use chatd::hub::moderation::subject::Subject;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::{Administered, RoomSummary};
use chatd::hub::permission::RoomRole;
use chatd::hub::refusal::Refusal;
use chatd::hub::time::UnixMillis;
use chatd::hub::view::{Counts, SessionView, UserView};
use chatd::registry::{HashCost, Options, Registry};
use chatd::wire::admin::{Listener, State};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A running admin API.
pub(super) struct Fake {
    pub(super) socket: PathBuf,
    pub(super) config_file: PathBuf,
    pub(super) logging: Logging,
    pub(super) daemon: Arc<DaemonState>,
    /// What the engine was reconfigured to, last one last.
    pub(super) reconfigured: Rc<std::cell::RefCell<Vec<Arc<Config>>>>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
    log: Option<Guard>,
    _default: tracing::dispatcher::DefaultGuard,
    directory: tempfile::TempDir,
    _registry: Registry,
    _socket_file: instance::SocketFile,
}

impl Fake {
    /// Starts with this config file. Runs inside a `LocalSet`.
    pub(super) fn start(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config_file = directory.path().join("chat.toml");
        fs::write(&config_file, config).unwrap();
        let sources = Sources {
            file: Some(config_file.clone()),
            sets: vec![format!(
                "log.directory={}",
                directory.path().join("log").display()
            )],
            environment: Environment::new(4242, |_| None),
        };
        let loaded = config::load(&sources).unwrap();
        let (logging, guard, dispatch) =
            logging::build(&loaded.config.log, Stderr::Journal).unwrap();
        let default = tracing::dispatcher::set_default(&dispatch);
        let (engine, questions) = EngineHandle::new();
        let reconfigured = Rc::default();
        tokio::task::spawn_local(answer(questions, Rc::clone(&reconfigured)));

        let daemon = Arc::new(DaemonState::new(Clock::start(), OpenFiles::raise()));
        daemon.set_stage(State::Ready);
        daemon.add_listener(Listener {
            protocol: "chat".to_owned(),
            address: "127.0.0.1:12231".to_owned(),
            tls: false,
        });
        let certificates = Certificates::load(&loaded.config, Clock::start()).unwrap();
        let options = Options {
            path: directory.path().join("registry.db"),
            cost: HashCost {
                memory_kib: 8,
                passes: 1,
            },
            hash_threads: 1,
            hash_queue: 4,
            external: None,
        };
        let (registry, _) = Registry::open(&options, || {}).unwrap();
        let state = AdminState {
            reloader: Arc::new(Reloader::new(
                sources,
                loaded,
                engine.clone(),
                logging.clone(),
                Arc::new(certificates),
            )),
            engine,
            logging: logging.clone(),
            daemon: Arc::clone(&daemon),
            history: Arc::new(History::new(None)),
            accounts: Arc::new(Accounts::new(registry.handle())),
        };
        // Others must be able to enter the directory, to show that they may look.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(directory.path(), open).unwrap();
        let socket = directory.path().join("run/admin.sock");
        let (listener, socket_file) = instance::bind_unix(&socket, admin::SOCKET_MODE, 16).unwrap();
        let listener = UnixListener::from_std(listener).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::task::spawn_local(admin::serve(listener, state, async {
            let _ = stopped.await;
        }));
        Self {
            socket,
            config_file,
            logging,
            daemon,
            reconfigured,
            stop: Some(stop),
            served,
            log: Some(guard),
            _default: default,
            directory,
            _registry: registry,
            _socket_file: socket_file,
        }
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, "", &[]).await
    }

    /// Asks as this process's own user. What is answered must be JSON.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let stream = UnixStream::connect(&self.socket).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::task::spawn_local(async move {
            let _ = connection.await; // an error shows in the answer
        });
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
        let answer = sender
            .send_request(request.body(body).unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        assert_eq!(answer.headers()["content-type"], "application/json");
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Stops serving, and waits until the last answer is out.
    pub(super) async fn stop(mut self) -> String {
        self.stop.take();
        (&mut self.served).await.unwrap();
        drop(self.log.take());
        fs::read_to_string(self.directory.path().join("log/current.log")).unwrap_or_default()
    }
}

async fn answer(
    mut questions: mpsc::Receiver<Question>,
    reconfigured: Rc<std::cell::RefCell<Vec<Arc<Config>>>>,
) {
    while let Some(question) = questions.recv().await {
        match question {
            Question::Counts(to) => drop(to.send(Counts {
                sessions: 2,
                users: 1,
                rooms: 1,
            })),
            Question::Sessions(to) => drop(to.send(sessions())),
            Question::Rooms(to) => drop(to.send(vec![RoomSummary {
                room: RoomName::lobby(),
                members: 1,
                topic: Some("tea".into()),
            }])),
            Question::Trace(nick, to) => drop(to.send(trace(&nick))),
            Question::Stats(to) => drop(to.send(EngineStats {
                counters: Counters {
                    accepted: 2,
                    ended: [("quit", 3)].into(),
                    ..Counters::default()
                },
                ..EngineStats::default()
            })),
            Question::Admin(command, to) => drop(to.send(administer(&command))),
            Question::Reconfigure(config, to) => {
                reconfigured.borrow_mut().push(config);
                let _ = to.send(());
            }
            Question::Heartbeat(to) => {
                let _ = to.send(());
            }
        }
    }
}

fn sessions() -> Vec<SessionRow> {
    let session = |serial, nick: Option<&str>| SessionRow {
        view: SessionView {
            session: SessionId {
                slot: serial,
                serial,
            },
            nick: nick.map(|nick| Nick::parse(nick).unwrap()),
            account: None,
            connected_at: UnixMillis(1_790_000_000_123),
            last_heard: Duration::ZERO,
            rooms: nick.iter().map(|_| RoomName::lobby()).collect(),
            away: None,
            deaf: false,
            certificate: None,
        },
        address: "unix:uid=0".to_owned(),
        dialect: nick.map(|_| "v1"),
        queued_bytes: 0,
        idle: Duration::from_secs(7),
    };
    vec![session(1, Some("ana")), session(2, None)]
}

fn administer(command: &AdminCommand) -> Result<Administered, Refusal> {
    match command {
        AdminCommand::Moderate(request) => moderate(request).map(Administered::Moderated),
        AdminCommand::Announce { text, .. } if text.is_empty() => Err(Refusal::TextEmpty),
        AdminCommand::Announce { .. } | AdminCommand::Shutdown => Ok(Administered::Sessions(2)),
        AdminCommand::Topic { room, .. } if *room == RoomName::lobby() => {
            Ok(Administered::TopicSet)
        }
        AdminCommand::Topic { room, .. } => Err(Refusal::NoSuchRoom(room.clone())),
    }
}

/// `ana` is in `#lobby`, where one rule holds.
fn moderate(request: &Moderation) -> Result<Moderated, Refusal> {
    let done = |sessions| Ok(Moderated::Done { sessions });
    let must_be = |room: &Option<RoomName>| match room {
        Some(room) if *room != RoomName::lobby() => Err(Refusal::NoSuchRoom(room.clone())),
        Some(_) | None => Ok(()),
    };
    match request {
        Moderation::Kick { room, nick, .. } => {
            must_be(room)?;
            match nick.as_str() {
                "ana" => done(1),
                _ => Err(Refusal::NoSuchUser(nick.clone())),
            }
        }
        Moderation::AddRule { room, effect, .. } => {
            must_be(room)?;
            match (room, effect) {
                (None, Effect::Invite) => Err(Refusal::RuleNeedsRoom),
                (_, Effect::Ban) => done(1),
                (_, Effect::Mute | Effect::Exempt | Effect::Invite) => done(0),
            }
        }
        Moderation::EndRule { subject, .. } if *subject == mute().subject => done(0),
        Moderation::EndRule { .. } => Err(Refusal::NoSuchRule),
        Moderation::Rules { room } => {
            must_be(room)?;
            Ok(Moderated::Rules(vec![mute()]))
        }
        Moderation::Grant { room, nick, .. } | Moderation::SetStatus { room, nick, .. } => {
            must_be(&Some(room.clone()))?;
            match nick.as_str() {
                "ana" => done(0),
                _ => Err(Refusal::NoSuchUser(nick.clone())),
            }
        }
        Moderation::SetRoom { room, .. } | Moderation::RenameRoom { room, .. } => {
            must_be(&Some(room.clone()))?;
            done(0)
        }
        Moderation::ShowRoom { room } => {
            must_be(&Some(room.clone()))?;
            Ok(Moderated::Room(Box::new(RoomInfo {
                room: room.clone(),
                topic: None,
                members: 1,
                settings: vec![("key", "tea".to_owned())],
                roles: vec![RoleRecord {
                    owner: OwnerId(7),
                    nick: Nick::parse("ana").unwrap(),
                    role: RoomRole::Owner,
                }],
            })))
        }
    }
}

fn mute() -> Rule {
    Rule {
        id: RuleId(1),
        room: Some(RoomName::lobby()),
        effect: Effect::Mute,
        subject: Subject::parse("spam*").unwrap(),
        by: Some(Nick::parse("ana").unwrap()),
        reason: Some("loud".into()),
        at: UnixMillis(1_790_000_000_000),
        until: None,
    }
}

fn trace(nick: &Nick) -> Option<UserView> {
    (nick.as_str() == "ana").then(|| UserView {
        nick: nick.clone(),
        account: None,
        is_server_operator: false,
        since: UnixMillis(1_790_000_000_000),
        away: Some("tea".into()),
        places: vec![(RoomName::lobby(), Some(RoomRole::Owner))],
        sessions: vec![SessionId { slot: 1, serial: 1 }],
        rules: vec![mute()],
    })
}

/// Runs a test on one thread, as the daemon runs.
pub(super) fn on_one_thread(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let limited = async {
        tokio::time::timeout(Duration::from_secs(30), test)
            .await
            .expect("the test ends in time");
    };
    tokio::task::LocalSet::new().block_on(&runtime, limited);
}
