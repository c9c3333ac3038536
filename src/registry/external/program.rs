//! The check as a program: the question on its standard input, the answer on its standard output. It has a
//! process group of its own, which is killed whenever the program has ended or its time is over, so nothing
//! of it is left but what has left that group.

use std::future::pending;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout_at};

use super::answer::{ANSWER_BYTES_MAX, Trouble};

/// Tells the answer in time, and returns when nothing of the program is left.
pub(super) async fn ask(
    command: &[String],
    question: &[u8],
    until: Instant,
    report: impl FnOnce(Result<Vec<u8>, Trouble>),
) {
    let command = command.to_vec();
    // It waits for the disk that the program is on.
    let mut starting = spawn_blocking(move || Running::start(&command));
    let running = match timeout_at(until, &mut starting).await {
        Ok(started) => started.unwrap_or_else(|error| Err(io::Error::other(error))),
        Err(_) => {
            report(Err(Trouble::TookTooLong));
            drop(starting.await); // killed as soon as it has started
            return;
        }
    };
    let mut running = match running {
        Ok(running) => running,
        Err(error) => return report(Err(Trouble::NotStarted(error))),
    };
    let answer = match timeout_at(until, running.answer(question)).await {
        Ok(answer) => answer,
        Err(_) => Err(Trouble::TookTooLong),
    };
    running.kill();
    report(answer);
    running.reap().await;
}

/// A program that runs, or has ended and was not waited for yet.
struct Running {
    child: Child,
    group: Pid,
    /// Done when it has ended. It can still be waited for then, so its number is nobody else's.
    end: JoinHandle<()>,
    is_reaped: bool,
}

impl Running {
    fn start(command: &[String]) -> io::Result<Self> {
        let (program, arguments) = command.split_first().expect("a command has a program");
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What it complains about may have the password in it.
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let group = Pid::from_child(&child);
        let end = spawn_blocking(move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(group), options), Err(Errno::INTR)) {}
        });
        Ok(Self {
            child,
            group,
            end,
            is_reaped: false,
        })
    }

    /// What it says until it ends, if it ends well. Does not wait for who else may have its output open.
    async fn answer(&mut self, question: &[u8]) -> Result<Vec<u8>, Trouble> {
        let input = self.child.stdin.take().expect("it is a pipe");
        let output = self.child.stdout.take().expect("it is a pipe");
        let mut input = pipe::Sender::from_owned_fd(input.into()).map_err(Trouble::NotStarted)?;
        let output = pipe::Receiver::from_owned_fd(output.into()).map_err(Trouble::NotStarted)?;
        let mut answer = Vec::new();
        let asked = async {
            input.write_all(question).await.ok(); // who does not read may know the answer all the same
            drop(input);
            pending::<()>().await;
        };
        let heard = async {
            while !take_with(&mut answer, |buffer| output.try_read(buffer))? {
                output.readable().await.map_err(|_| Trouble::BrokeOff)?;
            }
            pending().await
        };
        tokio::select! {
            () = asked => {} // never
            trouble = heard => return trouble,
            ended = &mut self.end => ended.map_err(|_| Trouble::BrokeOff)?,
        }
        self.kill();
        let status = self.child.wait();
        self.is_reaped = true;
        must_be_good(status.map_err(|_| Trouble::BrokeOff)?)?;
        // Asked of the system itself: the runtime may not have heard yet that there is something.
        let rest = output
            .into_nonblocking_fd()
            .map_err(|_| Trouble::BrokeOff)?;
        take_with(&mut answer, |buffer| Ok(rustix::io::read(&rest, buffer)?))?;
        Ok(answer)
    }

    /// Kills whatever is left of the group. Not once the program was waited for: its number may be
    /// somebody else's then.
    fn kill(&self) {
        if !self.is_reaped {
            // It fails when all have ended already.
            kill_process_group(self.group, Signal::KILL).ok();
        }
    }

    /// Waits for a program that was killed, without holding up others.
    async fn reap(mut self) {
        if !self.end.is_finished() {
            (&mut self.end).await.ok();
        }
        if !self.is_reaped {
            self.is_reaped = self.child.wait().is_ok();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_reaped {
            self.kill();
            self.child.wait().ok(); // it was killed
        }
    }
}

/// Takes what is there; says whether that was the end.
fn take_with(
    answer: &mut Vec<u8>,
    read: impl Fn(&mut [u8]) -> io::Result<usize>,
) -> Result<bool, Trouble> {
    let mut buffer = [0; ANSWER_BYTES_MAX];
    loop {
        match read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Trouble::BrokeOff),
        }
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(Trouble::TooLong);
        }
    }
}

fn must_be_good(status: ExitStatus) -> Result<(), Trouble> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(Trouble::ExitCode(code)),
        (None, Some(signal)) => Err(Trouble::Signal(signal)),
        (None, None) => Err(Trouble::BrokeOff),
    }
}

/// What the program finds others by. Nothing of chatd's own environment is passed on.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
