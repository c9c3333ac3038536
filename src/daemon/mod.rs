//! The daemon: build, serve, drain.

pub mod clock;
pub mod engine;
mod listener;
pub mod protocol;
pub mod transport;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::task::{LocalSet, spawn_local};

use self::clock::Clock;
use self::engine::Engine;
use self::engine::handle::EngineHandle;
use self::transport::Listener;
use crate::config::{Endpoint, Loaded, Sources};

/// Runs the daemon until it is told to stop.
#[must_use]
pub fn run(loaded: Loaded, _sources: Sources) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime");
    LocalSet::new().block_on(&runtime, async {
        let config = Arc::new(loaded.config);
        let engine = Engine::new(Clock::start(), Arc::clone(&config));
        let (_handle, questions) = EngineHandle::new();
        for listen in &config.listen {
            if let Endpoint::Tcp { address, port } = &listen.at {
                let listener =
                    Listener::bind_tcp(SocketAddr::new(*address, *port), 1024).expect("bind");
                spawn_local(listener::accept(
                    std::rc::Rc::clone(&engine),
                    listener,
                    listen.protocol,
                ));
            }
        }
        engine.run(questions).await;
    });
    ExitCode::SUCCESS
}
