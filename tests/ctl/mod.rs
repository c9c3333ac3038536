//! chatctl from outside: its binary, in pipes and in a pseudo-terminal, against scripted servers and a
//! real one. A scripted server can be late, rude or gone, which a real one would have to be forced into.

mod admin;
mod archive;
mod bench;
mod fake;
mod loss;
mod moderation;
mod offline;
mod order;
mod past;
mod pipe;
mod real;
mod relay;
mod resume;
mod send;
mod tail;
mod terminal;

use std::path::Path;

use assert_cmd::Command;

use fake::FakeServer;

/// chatctl in an environment of its own, so that nothing of this machine shows through.
fn chatctl(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("CHATD_ADMIN_SOCKET", home.join("admin.sock"))
        .env("TZ", "UTC")
        .timeout(std::time::Duration::from_secs(30));
    command
}

/// chatctl in an environment of its own, sent to a scripted server.
fn chatctl_to(server: &FakeServer, home: &Path, args: &[&str]) -> Command {
    let mut command = chatctl(home);
    command.args(args).args(["--server", &server.address()]);
    command
}
