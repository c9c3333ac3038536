//! The daemon from its start to its end: `run` puts the parts together, serves until somebody asks
//! it to stop, and drains. Each part is a file or a folder here; none of them knows this one.

pub mod admin;
pub mod certificates;
pub mod clock;
mod door;
pub mod engine;
pub mod inherited;
pub mod instance;
mod listener;
pub mod logging;
pub mod metrics;
pub mod nofile;
mod opening;
pub mod protocol;
mod proxy_header;
pub mod reload;
pub mod shard;
pub mod signals;
pub mod state;
pub mod system_users;
pub mod systemd;
pub mod transport;

use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::timeout;
use tracing::{error, info, warn};

use self::admin::{Accounts, AdminState, History};
use self::certificates::{Certificates, Unusable};
use self::clock::Clock;
use self::door::Terms;
use self::engine::Engine;
use self::engine::handle::EngineHandle;
use self::instance::{InstanceError, Lock, SocketFile};
use self::listener::{ListenError, Open};
use self::logging::{LIFE, LogError, Logging, Stderr};
use self::nofile::OpenFiles;
use self::opening::{tell_history, tell_registry, tell_start};
use self::reload::Reloader;
use self::signals::{Signal, Signals};
use self::state::DaemonState;
use self::system_users::SystemUsers;
use self::systemd::Activation;
use crate::config::{Config, Loaded, Sources, Trust};
use crate::hub::history::Restored;
use crate::hub::input::AdminCommand;
use crate::registry::{self, Known, Registry};
use crate::store::{OpenError, Store};
use crate::wire::admin::State;

/// Why the daemon could not start. The text says what to do.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("{0}")]
    Log(#[from] LogError),
    #[error("{0}")]
    Instance(#[from] InstanceError),
    #[error("{0}")]
    Listen(#[from] ListenError),
    #[error("{0}")]
    History(#[from] OpenError),
    #[error("{0}")]
    Tls(#[from] Unusable),
    #[error("{0}")]
    Accounts(#[from] registry::OpenError),
    #[error("the sockets that systemd hands over cannot be used: {0}")]
    Activation(io::Error),
    #[error("signals cannot be received: {0}")]
    Signals(io::Error),
    #[error("the runtime cannot be started: {0}")]
    Runtime(io::Error),
    #[error("the sockets cannot be served: {0}")]
    Engine(io::Error),
    #[error("the admin socket cannot be served: {0}")]
    Admin(io::Error),
}

/// How the daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Everyone was told, and what was queued has left or its time was over.
    Clean,
    /// A second signal: what was queued is lost.
    AtOnce,
    /// The engine ended by itself, which is a bug.
    Broken,
}

/// Runs the daemon until it is told to stop.
///
/// The exit code is 0 after a clean end, and 1 when it could not start or was ended at once. What
/// went wrong stands on standard error and, once there is one, in the log.
#[must_use]
pub fn run(loaded: Loaded, sources: Sources) -> ExitCode {
    let (logging, _guard) = match logging::start(&loaded.config.log, Stderr::detect()) {
        Ok(started) => started,
        Err(error) => return refuse_without_log(&error.into()),
    };
    match start_and_serve(loaded, sources, logging) {
        Ok(End::Clean) => ExitCode::SUCCESS,
        Ok(End::AtOnce | End::Broken) => ExitCode::FAILURE,
        Err(error) => {
            systemd::failed(&error.to_string());
            error!(target: LIFE, "cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start_and_serve(loaded: Loaded, sources: Sources, logging: Logging) -> Result<End, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let end = LocalSet::new().block_on(&runtime, async {
        let daemon = Daemon::start(loaded, sources, logging)?;
        Ok(daemon.serve().await)
    });
    // A backup or a check may have minutes to go: the end does not wait for that, and nothing is lost.
    runtime.shutdown_timeout(THREADS_GRACE);
    end
}

/// Everything that runs.
struct Daemon {
    state: Arc<DaemonState>,
    logging: Logging,
    reloader: Arc<Reloader>,
    handle: EngineHandle,
    signals: Signals,
    engine: JoinHandle<()>,
    listeners: Vec<JoinHandle<()>>,
    /// Those that end only with the daemon: they are aborted last.
    tenders: Vec<JoinHandle<()>>,
    admin: JoinHandle<()>,
    stop_admin: oneshot::Sender<()>,
    /// Removed from the file system when the daemon ends.
    _socket_files: Vec<SocketFile>,
    _lock: Lock,
}

impl Daemon {
    /// Starts everything. All that can be refused is taken first, so that a start fails whole or
    /// not at all.
    fn start(loaded: Loaded, sources: Sources, logging: Logging) -> Result<Self, StartError> {
        let Resources {
            clock,
            open_files,
            signals,
            lock,
            admin_socket,
            admin_file,
            open,
            certificates,
            work,
            store,
            registry,
        } = Resources::take(&loaded.config)?;
        let state = Arc::new(DaemonState::new(clock, open_files));
        tell_start(&loaded, open_files);
        tell_history(store.as_ref().map(|(store, _)| store));
        tell_registry(&registry.0);
        let config = Arc::new(loaded.config.clone());
        // The operators' door, before the store itself goes to where it is used.
        let history = History::new(store.as_ref().map(|(store, _)| store.handle()));
        let accounts = Accounts::new(registry.0.handle());
        let engine =
            Engine::new(clock, config, work, store, registry).map_err(StartError::Engine)?;
        let (handle, questions) = EngineHandle::new();
        let mut socket_files = vec![admin_file];
        let listeners = accept_all(open, &engine, &state, &certificates, &mut socket_files);
        let reloader = Arc::new(Reloader::new(
            sources,
            loaded,
            handle.clone(),
            logging.clone(),
            Arc::clone(&certificates),
        ));
        let admin_state = AdminState {
            engine: handle.clone(),
            logging: logging.clone(),
            reloader: Arc::clone(&reloader),
            daemon: Arc::clone(&state),
            history: Arc::new(history),
            accounts: Arc::new(accounts),
        };
        let (stop_admin, admin_stopped) = oneshot::channel();
        let admin = admin::serve(admin_socket, admin_state, async {
            admin_stopped.await.ok(); // a daemon that is gone has stopped, too
        });
        Ok(Self {
            state,
            reloader,
            signals,
            engine: spawn_local(async move { engine.run(questions).await }),
            listeners,
            tenders: vec![
                spawn_local(systemd::tend(handle.clone())),
                spawn_local(logging.clone().tend()),
                spawn_local(async move { certificates.tend().await }),
            ],
            admin: spawn_local(admin),
            stop_admin,
            handle,
            logging,
            _socket_files: socket_files,
            _lock: lock,
        })
    }

    async fn serve(mut self) -> End {
        self.state.set_stage(State::Ready);
        systemd::ready();
        info!(target: LIFE, pid = std::process::id(), "ready");
        let end = match self.until_asked_to_stop().await {
            Some(why) => self.drain(why).await,
            None => End::Broken,
        };
        // The admin API answers to the last, also whoever asked for the end.
        drop(self.stop_admin);
        timeout(ADMIN_GRACE, self.admin).await.ok();
        for task in self.tenders {
            task.abort();
        }
        info!(target: LIFE, ?end, "stopped");
        end
    }

    /// Serves; says who asked for the end. `None` when the engine ended unasked.
    async fn until_asked_to_stop(&mut self) -> Option<&'static str> {
        loop {
            tokio::select! {
                signal = self.signals.next() => match signal {
                    Signal::Stop | Signal::StopNow => return Some("by a signal"),
                    Signal::Reload => {
                        // It tells the log and systemd itself how it went.
                        self.reloader.reload().await.ok();
                    }
                    Signal::ReopenLogs => {
                        self.logging.reopen();
                        info!(target: LIFE, "opened the log files anew");
                    }
                },
                () = self.state.stop_asked() => return Some("by the admin socket"),
                ended = &mut self.engine => {
                    error!(target: LIFE, ?ended, "the engine ended by itself");
                    return None;
                }
            }
        }
    }

    /// Lets nobody in any more, tells everyone, and waits until what is queued has left.
    async fn drain(&mut self, why: &str) -> End {
        self.state.set_stage(State::Stopping);
        systemd::stopping("saying good-bye");
        info!(target: LIFE, %why, "stopping");
        for task in &self.listeners {
            task.abort();
        }
        if self.handle.admin(AdminCommand::Shutdown).await.is_err() {
            error!(target: LIFE, "the engine does not answer: nobody could be told");
            return End::Broken;
        }
        let grace = self.reloader.config().server.shutdown_grace;
        // Made once: further signals must not begin the time anew.
        let mut drained = Box::pin(timeout(grace + LAST_WORDS, &mut self.engine));
        loop {
            tokio::select! {
                _ = &mut drained => return End::Clean,
                signal = self.signals.next() => if signal == Signal::StopNow {
                    warn!(target: LIFE, "a second signal: ending at once, what was queued is lost");
                    return End::AtOnce;
                },
            }
        }
    }
}

/// Lets peers in at every listener.
fn accept_all(
    open: Vec<Open>,
    engine: &Rc<Engine>,
    state: &DaemonState,
    certificates: &Arc<Certificates>,
    socket_files: &mut Vec<SocketFile>,
) -> Vec<JoinHandle<()>> {
    let mut listeners = Vec::new();
    let users = Rc::new(SystemUsers::default());
    for Open {
        listener,
        speaks,
        tls,
        trust,
        proxies,
        described,
        socket_file,
    } in open
    {
        info!(target: LIFE, protocol = %described.protocol, address = %described.address, tls, "listening");
        state.add_listener(described);
        socket_files.extend(socket_file);
        listeners.push(spawn_local(listener::accept(
            Rc::clone(engine),
            listener,
            Terms {
                speaks,
                tls: tls.then(|| Arc::clone(certificates)),
                trust: (trust == Trust::Peer).then(|| Rc::clone(&users)),
                proxies,
            },
        )));
    }
    listeners
}

/// Everything that the system may refuse.
struct Resources {
    clock: Clock,
    open_files: OpenFiles,
    signals: Signals,
    lock: Lock,
    admin_socket: tokio::net::UnixListener,
    admin_file: SocketFile,
    open: Vec<Open>,
    certificates: Arc<Certificates>,
    /// Notified by the store and the registry when they have news for the engine.
    work: Arc<Notify>,
    store: Option<(Store, Restored)>,
    registry: (Registry, Known),
}

impl Resources {
    fn take(config: &Config) -> Result<Self, StartError> {
        let clock = Clock::start();
        let open_files = OpenFiles::raise();
        let certificates = Arc::new(Certificates::load(config, clock)?);
        let signals = Signals::listen().map_err(StartError::Signals)?;
        let socket = &config.admin.socket;
        // First the lock: with it, whatever is left over of another daemon is stale.
        let lock = Lock::acquire(&instance::lock_path(socket))?;
        let (admin_socket, admin_file) =
            instance::bind_unix(socket, admin::SOCKET_MODE, config.server.backlog)?;
        let work = Arc::new(Notify::new());
        let store = engine::open_store(&config.history, &work)?;
        let registry = engine::open_registry(&config.accounts, &work)?;
        let activation = Activation::take().map_err(StartError::Activation)?;
        Ok(Self {
            clock,
            open_files,
            signals,
            lock,
            admin_socket: tokio::net::UnixListener::from_std(admin_socket)
                .map_err(StartError::Admin)?,
            admin_file,
            open: listener::open_all(config, activation)?,
            certificates,
            work,
            store,
            registry,
        })
    }
}

/// A start that failed before there was a log.
#[expect(clippy::print_stderr, reason = "there is no log yet")]
fn refuse_without_log(error: &StartError) -> ExitCode {
    systemd::failed(&error.to_string());
    eprintln!("chatd: cannot start: {error}");
    ExitCode::FAILURE
}

/// What a connection may take beyond the grace period to close its side.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// What requests to the admin API may take once everything else has ended.
const ADMIN_GRACE: Duration = Duration::from_secs(1);
/// What threads that wait for a disk on behalf of an operator may take after that.
const THREADS_GRACE: Duration = Duration::from_secs(1);
