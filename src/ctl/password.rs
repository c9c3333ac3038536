//! Where secrets come from: a terminal without echo, the first line of standard input, or a file that only
//! its owner may read. Never the command line or the environment, which others on the machine can see.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::exit::{Exit, Failure};
use crate::wire::admin::accounts::SecretText;

/// Longest secret that is read, in bytes, as the server takes it.
const BYTES_MAX: u64 = 1024;

/// The password of an account that there is.
///
/// # Errors
/// Exit 2 when nobody can be asked and stdin is not named; 1 when there is none.
pub fn existing(account: &str, from_stdin: bool) -> Result<SecretText> {
    if from_stdin {
        return first_line();
    }
    Terminal::open()?.ask(&format!("Password of {account}: "))
}

/// Whether somebody is there to be asked.
#[must_use]
pub fn can_ask() -> bool {
    Terminal::open().is_ok()
}

/// A password for an account, asked for twice.
///
/// # Errors
/// As [`existing`], and when the two differ.
pub fn new(account: &str, from_stdin: bool) -> Result<SecretText> {
    if from_stdin {
        return first_line();
    }
    let terminal = Terminal::open()?;
    let password = terminal.ask(&format!("New password of {account}: "))?;
    if terminal.ask("Once more: ")? != password {
        return Err(
            Failure::new(Exit::Failed, "these were two passwords: nothing was done").into(),
        );
    }
    Ok(password)
}

/// An invitation, from somebody at a terminal.
///
/// # Errors
/// As [`existing`].
pub fn invitation() -> Result<SecretText> {
    Terminal::open()?.ask("Invitation: ")
}

/// A secret that stands alone in a file, which must be its owner's alone.
///
/// # Errors
/// Exit 5 when others may read it; 1 when it cannot be read.
pub fn in_file(path: &Path) -> Result<SecretText> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let about = file.metadata()?;
    if about.is_file() && about.mode() & 0o077 != 0 {
        let text = format!("{shown} may be read by others: chmod 600 {shown}");
        return Err(Failure::new(Exit::NotPermitted, text).into());
    }
    let mut text = String::new();
    file.take(BYTES_MAX + 2).read_to_string(&mut text)?;
    secret(text.trim_end_matches(['\r', '\n']), &shown.to_string())
}

/// The first line of standard input.
///
/// # Errors
/// When there is none, or it is too long.
pub fn first_line() -> Result<SecretText> {
    let mut line = String::new();
    // The rest of stdin stays for whoever reads on.
    let mut stdin = io::stdin().lock().take(BYTES_MAX + 2);
    stdin.read_line(&mut line)?;
    secret(line.trim_end_matches(['\r', '\n']), "stdin")
}

fn secret(text: &str, place: &str) -> Result<SecretText> {
    let problem = match text.len() as u64 {
        0 => format!("there is nothing in {place}"),
        length if length > BYTES_MAX => {
            format!("what is in {place} is longer than {BYTES_MAX} bytes")
        }
        _ => return Ok(SecretText(text.to_owned())),
    };
    Err(Failure::new(Exit::Failed, problem).into())
}

/// The terminal, whatever stdin and stdout are.
struct Terminal {
    device: File,
}

impl Terminal {
    fn open() -> Result<Self> {
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(rustix::fs::OFlags::NOCTTY.bits().cast_signed())
            .open("/dev/tty");
        let device = opened.map_err(|_| {
            let text = "nobody can be asked for the password here: use --password-stdin";
            Failure::new(Exit::Usage, text)
        })?;
        Ok(Self { device })
    }

    /// Asks without echo. Ctrl-C gives up, and the terminal is as it was.
    fn ask(&self, question: &str) -> Result<SecretText> {
        let silent = Silence::begin(&self.device)?;
        write!(&self.device, "{question}")?;
        let line = self.read_line();
        drop(silent);
        writeln!(&self.device)?;
        secret(&line?, "your answer")
    }

    /// Byte by byte, so that nothing is taken that is not ours, and keys that end signals come as bytes.
    fn read_line(&self) -> Result<String> {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while (&self.device).read(&mut byte)? == 1 {
            match byte[0] {
                b'\r' | b'\n' => break,
                CTRL_C => return Err(Failure::new(Exit::Failed, "nothing was done").into()),
                CTRL_D if bytes.is_empty() => break,
                CTRL_U => bytes.clear(),
                BACKSPACE | CTRL_H => {
                    // A whole character, which may be several bytes.
                    while bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
                }
                other if bytes.len() as u64 <= BYTES_MAX => bytes.push(other),
                _ => {}
            }
        }
        String::from_utf8(bytes)
            .map_err(|_| Failure::new(Exit::Failed, "what you typed is not UTF-8").into())
    }
}

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const CTRL_H: u8 = 8;
const CTRL_U: u8 = 21;
const BACKSPACE: u8 = 127;

/// The terminal's modes as they were, brought back at the end.
struct Silence<'a> {
    device: &'a File,
    before: Termios,
}

impl<'a> Silence<'a> {
    fn begin(device: &'a File) -> Result<Self> {
        let before = tcgetattr(device.as_fd())?;
        let mut silent = before.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(device.as_fd(), OptionalActions::Flush, &silent)?;
        Ok(Self { device, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.device.as_fd(), OptionalActions::Flush, &self.before);
    }
}
