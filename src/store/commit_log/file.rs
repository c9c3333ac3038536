//! The log's file: a header, and two halves that are filled by turns. A half is written over only when the
//! database has all of it, on the disk. So the file stops growing, and from then on a commit changes
//! nothing but its bytes.
//!
//! ```text
//! header  "chatdlog" version tag sum                                     4 KiB
//! half    frame frame frame ...                                          8 MiB
//! half    frame frame frame ...                                          8 MiB
//! frame   sum (u32) previous frame's sum (u32) length (u32) generation (u32) records
//! ```
//!
//! A frame is one batch: it is there whole or not at all. Numbers are little-endian, sums are CRC-32 of
//! all that follows them in the frame. A half's frames have one generation, which rises from half to half;
//! it ends where a frame's sum or generation is wrong, which is what a crash in the middle of a write
//! leaves. As every frame names the sum of the one before it, a hole between two halves is noticed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use crate::hub::history::Record;
use crate::hub::id::MessageId;

use super::entry;

pub(in crate::store) const HEADER_BYTES: u64 = 4096;
const HALF_BYTES: u64 = 8 * 1024 * 1024;
const FRAME_HEADER_BYTES: usize = 16;

/// The file grows by so much at once, filled with zeros: a file system that must find a block, or note that
/// it is written to for the first time, makes every `fdatasync` a second write.
const GROWTH_BYTES: u64 = 256 * 1024;

const MAGIC: &[u8; 8] = b"chatdlog";
const VERSION: u32 = 1;

/// A log that is written to.
#[derive(Debug)]
pub(in crate::store) struct CommitLog {
    file: File,
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
    /// The last frame's.
    sum: u32,
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
    /// Begins a log in the place of what is there, which nobody needs any more. `tag` says whose it is.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn begin(path: &Path, tag: u64) -> io::Result<Self> {
        let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(nofollow)
            .open(path)?;
        file.write_all_at(&header(tag), 0)?;
        file.sync_all()?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?; // the name too
        Ok(Self {
            file,
            position: Position {
                half: 0,
                at: 0,
                generation: 1,
                sum: 0,
                newest: [MessageId(0); 2],
            },
            grown: [0; 2],
            spoilt: None,
            frame: Vec::new(),
        })
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
        }
        next.sum = seal(&mut self.frame, next.sum, next.generation);
        self.grow(next.half, next.at + length)?;
        let offset = offset_of(next.half) + next.at;
        if let Err(error) = self.file.write_all_at(&self.frame, offset) {
            self.spoilt = Some(offset);
            return Err(error.into());
        }
        next.at += length;
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

    /// Whether the other half is needed soon, so that the database should have all of it.
    pub(super) fn is_half_full(&self) -> bool {
        self.position.at > HALF_BYTES / 2
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
    /// Of each half that has any: the older half first.
    pub(super) halves: Vec<Half>,
}

/// What can be read of a half.
#[derive(Debug)]
pub(super) struct Half {
    generation: u32,
    /// What its first frame says of the one before.
    before: u32,
    /// The last frame's sum.
    sum: u32,
    /// The frames' records, one after the other.
    records: Vec<u8>,
}

impl Half {
    /// Whether nothing is missing between an older half and this one.
    pub(super) fn follows(&self, older: &Self) -> bool {
        self.generation == older.generation + 1 && self.before == older.sum
    }

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
        let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let mut open = OpenOptions::new();
        let file = match open.read(true).custom_flags(nofollow).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(tag) = tag_of(&read_at(&file, 0, HEADER_BYTES)?)? else {
            return Ok(None);
        };
        let mut halves = Vec::new();
        for half in 0..2 {
            halves.extend(read_half(&read_at(&file, offset_of(half), HALF_BYTES)?));
        }
        halves.sort_by_key(|half| half.generation);
        Ok(Some(Self { tag, halves }))
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
    let tag = found[12..20].first_chunk().expect("eight bytes");
    Ok(Some(u64::from_le_bytes(*tag)))
}

/// Up to `length` bytes, fewer where the file ends.
fn read_at(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len().saturating_sub(offset).min(length);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

/// Writes a frame's header; returns its sum.
fn seal(frame: &mut [u8], before: u32, generation: u32) -> u32 {
    let length = u32::try_from(frame.len()).expect("a frame fits into a half");
    frame[4..8].copy_from_slice(&before.to_le_bytes());
    frame[8..12].copy_from_slice(&length.to_le_bytes());
    frame[12..16].copy_from_slice(&generation.to_le_bytes());
    let sum = crc32fast::hash(&frame[4..]);
    frame[..4].copy_from_slice(&sum.to_le_bytes());
    sum
}

fn read_half(bytes: &[u8]) -> Option<Half> {
    let mut half: Option<Half> = None;
    let mut rest = bytes;
    while let Some((frame, later)) = read_frame(rest) {
        let (before, generation) = (u32_at(frame, 4), u32_at(frame, 12));
        let half = half.get_or_insert(Half {
            generation,
            before,
            sum: before,
            records: Vec::new(),
        });
        if (before, generation) != (half.sum, half.generation) {
            break; // left from an earlier round
        }
        half.sum = u32_at(frame, 0);
        half.records.extend(&frame[FRAME_HEADER_BYTES..]);
        rest = later;
    }
    half
}

/// The first frame, if it is whole, and what follows it.
fn read_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.len() < FRAME_HEADER_BYTES {
        return None;
    }
    let length = u32_at(bytes, 8) as usize;
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
