//! The log's file: a header, and two halves that are filled by turns. A half is written over only when the
//! database has all of it, on the disk. So the file stops growing, and from then on a commit changes
//! nothing but its bytes.
//!
//! ```text
//! header  "chatdlog" version tag sum                                     4 KiB
//! half    frame frame frame ...                                          8 MiB
//! half    frame frame frame ...                                          8 MiB
//! frame   sum (u32) length (u32) generation (u32) newest id before it (u64) records
//! ```
//!
//! A frame is one batch: it is there whole or not at all. Numbers are little-endian, sums are CRC-32 of
//! all that follows them in the frame. A half's frames have one generation, which rises from half to half;
//! it ends where a frame's sum or generation is wrong, which is what a crash in the middle of a write
//! leaves. As every frame names the record before it, a hole before it is noticed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::hub::history::Record;
use crate::hub::id::MessageId;
use crate::store::lock::{NOFOLLOW, beside};

use super::entry;

pub(in crate::store) const HEADER_BYTES: u64 = 4096;
const HALF_BYTES: u64 = 8 * 1024 * 1024;
const FRAME_HEADER_BYTES: usize = 20;

/// The file grows by so much at once, filled with zeros: a file system that must find a block, or note that
/// it is written to for the first time, makes every `fdatasync` a second write.
const GROWTH_BYTES: u64 = 256 * 1024;

const MAGIC: &[u8; 8] = b"chatdlog";
const VERSION: u32 = 1;

/// A log that is written to.
#[derive(Debug)]
pub(in crate::store) struct CommitLog {
    file: File,
    path: PathBuf,
    position: Position,
    /// How much of each half has blocks of its own.
    grown: [u64; 2],
    /// Where a frame that failed may stand, and must not be read.
    spoilt: Option<u64>,
    frame: Vec<u8>,
}

/// How far a log has been written.
#[derive(Clone, Copy, Debug)]
struct Position {
    half: usize,
    /// Bytes of the half.
    at: u64,
    generation: u32,
    /// The newest record of all.
    last: MessageId,
    /// The newest record of each half.
    newest: [MessageId; 2],
}

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum AppendError {
    /// The database does not have all of the other half yet.
    #[error("the log is full")]
    Full,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CommitLog {
    /// Begins a log in the place of what is there, which nobody needs any more: the database has everything
    /// up to `last`, on the disk. `tag` says whose it is. It appears under its name only when it is whole.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn begin(path: &Path, tag: u64, last: MessageId) -> io::Result<Self> {
        let unfinished = beside(path, ".unfinished");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(NOFOLLOW)
            .open(&unfinished)?;
        file.write_all_at(&header(tag), 0)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?; // the name too
        Ok(Self {
            file,
            path: path.to_owned(),
            position: Position {
                half: 0,
                at: 0,
                generation: 1,
                last,
                newest: [MessageId(0); 2],
            },
            grown: [0; 2],
            spoilt: None,
            frame: Vec::new(),
        })
    }

    /// Whether the next start would find this log: whoever removed its file has made it worthless.
    pub(super) fn is_in_place(&self) -> bool {
        let found = fs::metadata(&self.path).and_then(|found| Ok((found, self.file.metadata()?)));
        found.is_ok_and(|(found, own)| (found.dev(), found.ino()) == (own.dev(), own.ino()))
    }

    /// Writes a batch as one frame; [`synchronise`](Self::synchronise) makes it last. Records up to
    /// `durable` are in the database, on the disk.
    ///
    /// # Errors
    /// [`AppendError`]; then a reader will not see the batch.
    pub(super) fn append(
        &mut self,
        records: &[Record],
        durable: MessageId,
    ) -> Result<(), AppendError> {
        self.remove_spoilt()?;
        let Some(newest) = records.last() else {
            return Ok(());
        };
        self.encode(records);
        let length = self.frame.len() as u64;
        let mut next = self.position;
        if length > HALF_BYTES {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge).into());
        }
        if next.at + length > HALF_BYTES {
            next.half = 1 - next.half;
            next.at = 0;
            next.generation += 1;
            if next.newest[next.half] > durable {
                return Err(AppendError::Full);
            }
            // Or a loss of power could leave this half without the end of the other.
            self.synchronise()?;
        }
        seal(&mut self.frame, next.generation, next.last);
        self.grow(next.half, next.at + length)?;
        let offset = offset_of(next.half) + next.at;
        if let Err(error) = self.file.write_all_at(&self.frame, offset) {
            self.spoilt = Some(offset);
            return Err(error.into());
        }
        next.at += length;
        next.last = newest.id;
        next.newest[next.half] = newest.id;
        self.position = next;
        Ok(())
    }

    /// Where to go back to with [`retract`](Self::retract).
    pub(super) fn mark(&self) -> Mark {
        Mark(self.position)
    }

    /// Takes back the frame that was appended after `mark`. Until that could be written too, nothing more is
    /// appended.
    pub(super) fn retract(&mut self, mark: Mark) {
        let Mark(position) = mark;
        let is_elsewhere = self.position.half != position.half;
        let at = if is_elsewhere { 0 } else { position.at };
        self.spoilt = Some(offset_of(self.position.half) + at);
        self.position = position;
        let _ = self.remove_spoilt(); // then before the next frame
    }

    /// Waits until all that was appended is on the disk.
    ///
    /// # Errors
    /// What the system says; then nobody knows what of it is.
    pub(super) fn synchronise(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Whether the disk takes a frame.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn probe(&mut self) -> io::Result<()> {
        self.remove_spoilt()?;
        let Position { half, at, .. } = self.position;
        self.grow(half, (at + GROWTH_BYTES).min(HALF_BYTES))?;
        let offset = offset_of(half) + at;
        if at < HALF_BYTES {
            self.file.write_all_at(&[0], offset)?; // the end is an end before and after
        }
        self.synchronise()
    }

    /// Whether the other half is needed soon, and the database should have all of it on the disk.
    pub(super) fn needs_room(&self, durable: MessageId) -> bool {
        let Position {
            half, at, newest, ..
        } = self.position;
        at > HALF_BYTES / 2 && newest[1 - half] > durable
    }

    fn remove_spoilt(&mut self) -> io::Result<()> {
        if let Some(offset) = self.spoilt {
            self.file.write_all_at(&[0; FRAME_HEADER_BYTES], offset)?;
            self.synchronise()?;
            self.spoilt = None;
        }
        Ok(())
    }

    /// All of the frame but its header.
    fn encode(&mut self, records: &[Record]) {
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        frame.shrink_to(GROWTH_BYTES as usize); // one burst must not hold its memory for ever
        frame.resize(FRAME_HEADER_BYTES, 0);
        self.frame = records
            .iter()
            .fold(frame, |frame, record| entry::write(record, frame));
    }

    fn grow(&mut self, half: usize, needed: u64) -> io::Result<()> {
        static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
        let end = needed.next_multiple_of(GROWTH_BYTES).min(HALF_BYTES);
        while self.grown[half] < end {
            let offset = offset_of(half) + self.grown[half];
            self.file.write_all_at(&ZEROS, offset)?;
            self.grown[half] += ZEROS.len() as u64;
        }
        Ok(())
    }
}

/// A place in a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(Position);

/// A log as it was found, and not changed yet.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) tag: u64,
    /// What can be read, in the order in which it was written.
    pub(super) frames: Vec<Frame>,
}

/// One batch.
#[derive(Debug)]
pub(super) struct Frame {
    generation: u32,
    /// The newest record before it; the database had that when the log was begun, or a frame has it.
    pub(super) after: MessageId,
    records: Vec<u8>,
}

impl Frame {
    /// Its records, by rising id.
    pub(super) fn records(&self) -> impl Iterator<Item = Result<Record, entry::EntryError>> {
        let mut rest = &*self.records;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let read = entry::read(rest);
            rest = read.as_ref().map_or(&[], |(_, later)| later);
            Some(read.map(|(record, _)| record))
        })
    }
}

impl Found {
    /// Reads a log; `None` where there is none, or one that was never begun.
    ///
    /// # Errors
    /// `InvalidData` when it is something else, or what the system says.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut open = OpenOptions::new();
        let file = match open.read(true).custom_flags(NOFOLLOW).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(tag) = tag_of(&read_at(&file, 0, HEADER_BYTES)?)? else {
            return Ok(None);
        };
        let mut frames = Vec::new();
        for half in 0..2 {
            read_half(&read_at(&file, offset_of(half), HALF_BYTES)?, &mut frames);
        }
        frames.sort_by_key(|frame| frame.generation); // each half's stay in their order
        Ok(Some(Self { tag, frames }))
    }
}

fn offset_of(half: usize) -> u64 {
    HEADER_BYTES + half as u64 * HALF_BYTES
}

fn header(tag: u64) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER_BYTES as usize);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend(tag.to_le_bytes());
    header.extend(crc32fast::hash(&header).to_le_bytes());
    header.resize(HEADER_BYTES as usize, 0);
    header
}

/// Whose log it is; `None` when it was never begun.
fn tag_of(found: &[u8]) -> io::Result<Option<u64>> {
    // A crash while it was begun leaves a part of it; before that there was nothing that anybody needs.
    if (found.len() as u64) < HEADER_BYTES || found.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    if !found.starts_with(MAGIC) {
        return Err(invalid("it is no commit log"));
    }
    let version = u32_at(found, 8);
    if version > VERSION {
        return Err(invalid(&format!(
            "it is of version {version}, this chatd knows up to {VERSION}"
        )));
    }
    if u32_at(found, 20) != crc32fast::hash(&found[..20]) {
        return Err(invalid("its header is damaged"));
    }
    Ok(Some(u64_at(found, 12)))
}

/// Up to `length` bytes, fewer where the file ends.
fn read_at(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len().saturating_sub(offset).min(length);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

/// Writes a frame's header.
fn seal(frame: &mut [u8], generation: u32, after: MessageId) {
    let length = u32::try_from(frame.len()).expect("a frame fits into a half");
    frame[4..8].copy_from_slice(&length.to_le_bytes());
    frame[8..12].copy_from_slice(&generation.to_le_bytes());
    frame[12..FRAME_HEADER_BYTES].copy_from_slice(&after.0.to_le_bytes());
    let sum = crc32fast::hash(&frame[4..]);
    frame[..4].copy_from_slice(&sum.to_le_bytes());
}

/// Adds a half's frames to `frames`; behind them may be some of an earlier round.
fn read_half(bytes: &[u8], frames: &mut Vec<Frame>) {
    let mut rest = bytes;
    let mut of_half = None;
    while let Some((frame, later)) = read_frame(rest) {
        let generation = u32_at(frame, 8);
        if *of_half.get_or_insert(generation) != generation {
            return;
        }
        frames.push(Frame {
            generation,
            after: MessageId(u64_at(frame, 12)),
            records: frame[FRAME_HEADER_BYTES..].to_vec(),
        });
        rest = later;
    }
}

/// The first frame, if it is whole, and what follows it.
fn read_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.len() < FRAME_HEADER_BYTES {
        return None;
    }
    let length = u32_at(bytes, 4) as usize;
    if length <= FRAME_HEADER_BYTES {
        return None;
    }
    let (frame, rest) = bytes.split_at_checked(length)?;
    (crc32fast::hash(&frame[4..]) == u32_at(frame, 0)).then_some((frame, rest))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes[at..].first_chunk().expect("four bytes are there");
    u32::from_le_bytes(*four)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes[at..].first_chunk().expect("eight bytes are there");
    u64::from_le_bytes(*eight)
}
