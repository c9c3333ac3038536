//! chatctl from outside: its binary, in pipes and in a pseudo-terminal, against scripted servers and a
//! real one. A scripted server can be late, rude or gone, which a real one would have to be forced into.

mod admin;
mod fake;
mod offline;
mod pipe;
mod real;
mod send;
mod tail;
mod terminal;

use assert_cmd::Command;

/// chatctl in an environment of its own, so that nothing of this machine shows through.
fn chatctl(home: &std::path::Path) -> Command {
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
