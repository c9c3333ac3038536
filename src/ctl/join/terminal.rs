//! A user at a terminal: a prompt with editing, history and completion, and lines above it.
//! rustyline reads in a thread of its own, one line each time it is asked to; history is kept in
//! memory only, because what people say to each other does not belong into a file.

use std::cell::Cell;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Editor, Event, EventContext,
    EventHandler, Helper, KeyCode, KeyEvent, Modifiers, RepeatCount,
};
use tokio::sync::mpsc;
use unicode_width::UnicodeWidthStr;

use super::complete::{Words, complete};
use super::input::{self, Input};
use super::lines::Typed;
use super::screen::Screen;
use crate::ctl::sanitize;

/// Lines of history that the arrow keys reach.
const HISTORY_LINES: usize = 500;

/// What the editor is asked for: a line, behind this prompt, beginning with this text.
#[derive(Debug)]
struct Ask {
    prompt: String,
    initial: String,
}

/// The terminal and the thread that reads from it.
#[derive(Debug)]
pub struct Terminal {
    asks: SyncSender<Ask>,
    typed: mpsc::Receiver<Typed>,
    screen: Arc<Screen>,
    words: Arc<Mutex<Words>>,
    _modes: Modes,
}

impl Terminal {
    /// Takes the terminal over until the value is dropped.
    ///
    /// # Errors
    /// When the terminal cannot do what editing needs.
    pub fn open() -> Result<Self> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            // Forced, so that `highlight` tells when the prompt has been drawn, colours or not.
            .color_mode(ColorMode::Forced)
            .auto_add_history(false)
            .max_history_size(HISTORY_LINES)?
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history)?;
        let printer = editor
            .create_external_printer()
            .context("this terminal cannot be drawn on")?;
        let screen = Screen::start(printer)?;
        let words = Arc::new(Mutex::new(Words::default()));
        editor.set_helper(Some(Assistant {
            screen: Arc::clone(&screen),
            words: Arc::clone(&words),
            is_opening: Cell::new(true),
        }));
        let modes = Modes::collecting()?;
        let (asks, asked) = sync_channel(1);
        let (line, typed) = mpsc::channel(1);
        editor.bind_sequence(
            KeyEvent(KeyCode::PageUp, Modifiers::NONE),
            EventHandler::Conditional(Box::new(PageUp(line.clone()))),
        );
        thread::Builder::new()
            .name("editor".into())
            .spawn(move || edit(editor, &asked, &line))?;
        Ok(Self {
            asks,
            typed,
            screen,
            words,
            _modes: modes,
        })
    }

    /// Shows whole lines above the prompt.
    pub fn show(&self, lines: &str) {
        self.screen.show(lines);
    }

    /// Where lines wait to be shown.
    #[must_use]
    pub fn screen(&self) -> &Arc<Screen> {
        &self.screen
    }

    /// Asks for the next line. `next` will return it.
    pub fn ask(&self, prompt: &str, initial: &str) {
        let ask = Ask {
            prompt: sanitize::line(prompt).into_owned(),
            initial: initial.to_owned(),
        };
        // Asked only after a line has come, so there is always room, and the thread lives as long as we.
        let _ = self.asks.try_send(ask);
    }

    /// What the user typed, once it is a whole line. Cancel safe.
    pub async fn next(&mut self) -> Typed {
        self.typed.recv().await.unwrap_or(Typed::End)
    }

    /// The words to complete from here on.
    pub fn set_words(&self, words: Words) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }

    /// Gives the terminal back; the cursor is at the beginning of a line.
    pub fn close(self) {
        let rest = self.screen.close();
        let mut stdout = io::stdout();
        // Out of bracketed paste, which the interrupted editor has switched on, and off its line.
        let _ = write!(stdout, "\x1b[?2004l\r\n{rest}");
        let _ = stdout.flush();
    }
}

/// Reads lines for as long as they are asked for.
fn edit(
    mut editor: Editor<Assistant, MemHistory>,
    asks: &Receiver<Ask>,
    typed: &mpsc::Sender<Typed>,
) {
    while let Ok(ask) = asks.recv() {
        if let Some(helper) = editor.helper() {
            helper.is_opening.set(true);
        }
        let answer = match editor.readline_with_initial(&ask.prompt, (&ask.initial, "")) {
            Ok(line) => {
                // History is a comfort; a line that it does not take is said all the same.
                let _ = editor.add_history_entry(&line);
                if comes_back(&line) {
                    take_back(&ask.prompt, &line);
                }
                Typed::Line(line)
            }
            Err(ReadlineError::Interrupted) => Typed::Interrupted,
            Err(_) => Typed::End,
        };
        let is_last = !matches!(answer, Typed::Line(_));
        if typed.blocking_send(answer).is_err() || is_last {
            return;
        }
    }
}

/// Whether the server will echo the line, so that it need not stand there twice.
fn comes_back(line: &str) -> bool {
    matches!(
        input::parse(line),
        Ok(Input::Say(_) | Input::Act(_) | Input::Private { .. })
    )
}

/// Takes the typed line off the screen, where it is sure how many rows it fills.
fn take_back(prompt: &str, line: &str) {
    let Ok(size) = tcgetwinsize(io::stdout()) else {
        return;
    };
    let (columns, height) = (usize::from(size.ws_col), usize::from(size.ws_row));
    match rows(prompt, line, columns) {
        // Beyond the top of the window nothing can be taken back.
        Some(rows) if rows < height => {
            let mut stdout = io::stdout();
            let _ = write!(stdout, "\x1b[{rows}A\r\x1b[J");
            let _ = stdout.flush();
        }
        Some(_) | None => {}
    }
}

/// How many rows of so many columns a typed line fills. `None` where terminals may disagree: on the
/// width of some characters, and on where the cursor is once the last column is written.
fn rows(prompt: &str, line: &str, columns: usize) -> Option<usize> {
    if columns == 0 || line.chars().any(char::is_control) {
        return None;
    }
    let doubtful = line.chars().filter(|c| !is_plain(*c)).count();
    let least = prompt.width() + line.width();
    let full_rows = least / columns;
    // A wide character that does not fit at the end of a row leaves its last column empty.
    let most = least + 2 * doubtful + full_rows;
    let is_sure = full_rows == most / columns && !least.is_multiple_of(columns);
    is_sure.then_some(full_rows + 1)
}

/// Tells that PgUp was pressed; the line that is being typed stays as it is.
struct PageUp(mpsc::Sender<Typed>);

impl ConditionalEventHandler for PageUp {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        // An impatient key is not heard while the last one is not served.
        let _ = self.0.try_send(Typed::PageUp);
        Some(Cmd::Noop)
    }
}

/// What rustyline asks while a line is edited.
struct Assistant {
    screen: Arc<Screen>,
    words: Arc<Mutex<Words>>,
    /// The prompt is about to be drawn for the first time.
    is_opening: Cell<bool>,
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(complete(line, pos, &words))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> std::borrow::Cow<'l, str> {
        // The terminal is in raw mode here, so the printer goes through the editor from now on.
        if self.is_opening.take() {
            self.screen.opened();
        }
        self.screen.drawn();
        line.into()
    }
}

impl Validator for Assistant {
    fn validate(&self, _: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        self.screen.accepted();
        Ok(ValidationResult::Valid(None))
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Helper for Assistant {}

/// Whether every terminal gives the character the same width: ASCII, and what is always double
/// (Chinese, kana, Hangul, their full-width forms).
fn is_plain(c: char) -> bool {
    c.is_ascii()
        || matches!(c,
            '\u{3000}'..='\u{3029}' | '\u{3041}'..='\u{3096}' | '\u{30a0}'..='\u{30ff}'
            | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{ff01}'..='\u{ff60}')
}

/// The terminal's modes as they were, brought back at the end however it comes. Between two prompts
/// keys are only collected, as they are: echoed they would appear twice, and a Ctrl-D or a Ctrl-C
/// among them must not act before the line in front of it.
#[derive(Debug)]
struct Modes {
    before: Termios,
}

impl Modes {
    fn collecting() -> Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(stdin.as_fd())?;
        let mut collecting = before.clone();
        collecting
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        collecting
            .input_modes
            .remove(InputModes::ICRNL | InputModes::IXON);
        tcsetattr(stdin.as_fd(), OptionalActions::Drain, &collecting)?;
        Ok(Self { before })
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Drain, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn rows_are_counted_only_where_all_terminals_agree() {
        let counted = |line: &str| rows("#a> ", line, 40);
        assert_eq!(counted("short"), Some(1));
        assert_eq!(counted(&"x".repeat(50)), Some(2));
        assert_eq!(counted(&"한".repeat(30)), Some(2));
        assert_eq!(counted(&"x".repeat(36)), None, "ends in the last column");
        assert_eq!(counted(&"é".repeat(17)), None, "an é may be double");
        assert_eq!(counted("two\nlines"), None);
    }
}
