//! Fills a history with made-up talk, through the store's own door, so that everything else can be
//! measured on one of a known size: rooms of very different sizes, private conversations, several
//! scripts, a word that nearly every sentence has, and words of which it is known how often they occur.
//! The same seed makes the same talk; only its times end where the clock stands.
//!
//! It prints one object: what it made and how long that took. `talk` makes the sentences, `crowd` the
//! people and where they speak.

mod crowd;
mod talk;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chatd::hub::command::MessageKind;
use chatd::hub::history::{Record, RecordKind};
use chatd::hub::id::MessageId;
use chatd::hub::time::UnixMillis;
use chatd::store::{Durability, Options, Retention, Store};
use clap::Parser;
use serde_json::json;

use crowd::Crowd;
use talk::{Chance, Talk};

/// Fill a history that does not exist yet.
#[derive(Debug, Parser)]
struct Args {
    /// The database, which must not exist
    #[arg(long)]
    path: PathBuf,
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    messages: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Bytes that may wait for the writer: transactions are as large as the store makes them.
const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// The talk is spread over so long.
const SPAN_MS: u64 = 2 * 365 * 24 * 3600 * 1000;

/// Longest time without any progress.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let args = Args::parse();
    match fill(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "history_fill: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fill(args: &Args) -> io::Result<()> {
    if args.path.exists() {
        return Err(io::Error::other(format!(
            "{} exists already",
            args.path.display()
        )));
    }
    let options = Options {
        path: args.path.clone(),
        // What is lost here can be made again.
        durability: Durability::Relaxed,
        queue_bytes: QUEUE_BYTES,
        readers: 1,
        retention: Retention::FOR_EVER,
    };
    let (store, _) = Store::open(options, || {}).map_err(io::Error::other)?;
    let mut chance = Chance::new(args.seed);
    let crowd = Crowd::new();
    let talk = Talk::new(args.messages);
    let begun = now();
    let first_ms = unix_ms().saturating_sub(SPAN_MS + 60_000);
    let mut id = MessageId::default();
    for number in 0..args.messages {
        let at_ms = first_ms + number * SPAN_MS / args.messages;
        id = id.next(at_ms);
        // Everybody may read what is said in rooms, so whoever looks for a rare word finds all of it.
        let (from, place) = crowd.speaks(talk.is_rare(number), &mut chance);
        let record = Record {
            id,
            at: UnixMillis(at_ms),
            kind: RecordKind::Said {
                place,
                from,
                kind: MessageKind::Text,
                text: talk.sentence(number, &mut chance).into(),
                client_msgid: None,
                tags: None,
            },
        };
        keep(&store, &record)?;
    }
    let handle = store.handle();
    wait_for_none("messages are not kept", || {
        handle.status().waiting_records as u64
    })?;
    let written = begun.elapsed();
    wait_for_none("messages are not indexed", || handle.status().unindexed)?;
    let indexed = begun.elapsed();
    store.close();
    let object = json!({
        "messages": args.messages,
        "seed": args.seed,
        "write_seconds": written.as_secs_f64(),
        "index_seconds": indexed.as_secs_f64(),
        "first_ms": first_ms,
        "last_ms": first_ms + SPAN_MS,
        "frequent_word": talk::FREQUENT,
        "rare_words": talk.rare_words(),
        "rooms": crowd.room_names(),
        "people": crowd.logins(),
    });
    writeln!(io::stdout(), "{object}")
}

/// Hands a record over, and waits while the store has no room for it.
fn keep(store: &Store, record: &Record) -> io::Result<()> {
    let begun = now();
    while store.keep(record.clone()).is_err() {
        if begun.elapsed() > PATIENCE {
            return Err(io::Error::other("the store takes nothing more"));
        }
        let mut news = Vec::new();
        store.take_news(&mut news);
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn wait_for_none(what: &str, count: impl Fn() -> u64) -> io::Result<()> {
    let (mut left, mut moved) = (count(), now());
    while left > 0 {
        sleep(Duration::from_millis(200));
        let still = count();
        if still != left {
            (left, moved) = (still, now());
        } else if moved.elapsed() > 20 * PATIENCE {
            // A count that ends at a million stands still for minutes.
            return Err(io::Error::other(format!("{left} {what}")));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the bench has no other clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the bench has no other clock")]
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}
