//! The log's file by itself: what a reader sees after a write, a retreat, a hole, and a change of halves.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, tempdir};

use super::file::{AppendError, CommitLog, Found, HEADER_BYTES};
use crate::hub::history::{Partner, Record, RecordKind};
use crate::hub::id::MessageId;
use crate::hub::name::RoomName;
use crate::hub::time::UnixMillis;

const MIB: usize = 1024 * 1024;

fn record(id: u64, bytes: usize) -> Record {
    Record {
        id: MessageId(id),
        at: UnixMillis(id),
        kind: RecordKind::Edited {
            message: MessageId(1),
            text: "t".repeat(bytes).into(),
        },
    }
}

fn begin(home: &TempDir) -> (CommitLog, PathBuf) {
    let path = home.path().join("log");
    (CommitLog::begin(&path, 7, MessageId(10)).unwrap(), path)
}

fn append(log: &mut CommitLog, ids: &[u64], bytes: usize) -> Result<(), AppendError> {
    let records: Vec<_> = ids.iter().map(|id| record(*id, bytes)).collect();
    log.append(&records, MessageId(0))
}

/// Of each frame what it follows, and its records.
fn found(path: &Path) -> Vec<(u64, Vec<u64>)> {
    let found = Found::read(path).unwrap().unwrap();
    assert_eq!(found.tag, 7);
    let ids = found.frames.iter().map(|frame| {
        let records = frame.records().map(|record| record.unwrap().id.0);
        (frame.after.0, records.collect())
    });
    ids.collect()
}

#[test]
fn a_batch_is_one_frame_that_names_what_was_before() {
    let home = tempdir().unwrap();
    let (mut log, path) = begin(&home);
    assert_eq!(found(&path), []);
    append(&mut log, &[11, 12], 20).unwrap();
    append(&mut log, &[15], 0).unwrap();
    assert_eq!(found(&path), [(10, vec![11, 12]), (12, vec![15])]);
}

#[test]
fn every_kind_of_record_comes_back_as_it_was() {
    let home = tempdir().unwrap();
    let (mut log, path) = begin(&home);
    let record = Record {
        kind: RecordKind::MarkSet {
            owner: crate::hub::history::OwnerId(u64::MAX),
            of: Partner::Room(RoomName::lobby()),
            upto: MessageId(3),
        },
        ..record(11, 0)
    };
    log.append(std::slice::from_ref(&record), MessageId(0))
        .unwrap();
    let frames = Found::read(&path).unwrap().unwrap().frames;
    let read: Vec<_> = frames[0].records().map(Result::unwrap).collect();
    assert_eq!(read, [record]);
}

#[test]
fn what_was_taken_back_is_not_read_and_its_place_is_used_again() {
    let home = tempdir().unwrap();
    let (mut log, path) = begin(&home);
    append(&mut log, &[11], 20).unwrap();
    let mark = log.mark();
    append(&mut log, &[12, 13], 20).unwrap();
    log.retract(mark);
    assert_eq!(found(&path), [(10, vec![11])]);
    append(&mut log, &[14], 20).unwrap();
    assert_eq!(found(&path), [(10, vec![11]), (11, vec![14])]);
}

#[test]
fn a_half_is_written_over_only_when_the_database_has_it() {
    let home = tempdir().unwrap();
    let (mut log, path) = begin(&home);
    for id in 11..17 {
        append(&mut log, &[id], 3 * MIB - 100).unwrap(); // two to a half, and then the other half is free
        if id == 14 {
            break;
        }
    }
    assert!(log.needs_room(MessageId(11)));
    assert!(!log.needs_room(MessageId(12)));
    let refused = append(&mut log, &[15], 3 * MIB).unwrap_err();
    assert!(matches!(refused, AppendError::Full));
    assert_eq!(found(&path).len(), 4, "nothing has changed");

    let mark = log.mark();
    log.append(&[record(15, 3 * MIB)], MessageId(12)).unwrap();
    let kept = |ids: &[u64]| ids.iter().map(|id| (id - 1, vec![*id])).collect::<Vec<_>>();
    assert_eq!(found(&path), kept(&[13, 14, 15]));
    log.retract(mark);
    assert_eq!(found(&path), kept(&[13, 14]));
    log.append(&[record(15, 10)], MessageId(12)).unwrap();
    log.append(&[record(16, 10)], MessageId(12)).unwrap();
    assert_eq!(found(&path), kept(&[13, 14, 15, 16]));
    let bytes = fs::metadata(&path).unwrap().len();
    assert!(bytes <= HEADER_BYTES + 16 * MIB as u64);
}

#[test]
fn a_frame_that_is_too_large_for_a_half_is_refused() {
    let home = tempdir().unwrap();
    let (mut log, path) = begin(&home);
    let refused = append(&mut log, &[11], 8 * MIB).unwrap_err();
    assert!(matches!(refused, AppendError::Io(_)), "{refused}");
    append(&mut log, &[12], 10).unwrap();
    assert_eq!(found(&path), [(10, vec![12])]);
}

#[test]
fn reading_ends_where_a_byte_is_wrong() {
    let home = tempdir().unwrap();
    let (mut log, path) = begin(&home);
    for id in 11..14 {
        append(&mut log, &[id], 100).unwrap();
    }
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"!", HEADER_BYTES + 150 + 60).unwrap();
    assert_eq!(found(&path), [(10, vec![11])]);
}

#[test]
fn a_probe_changes_nothing_and_a_removed_file_is_missed() {
    let home = tempdir().unwrap();
    let (mut log, path) = begin(&home);
    append(&mut log, &[11], 20).unwrap();
    log.probe().unwrap();
    assert_eq!(found(&path), [(10, vec![11])]);
    assert!(log.is_in_place());
    fs::rename(&path, home.path().join("elsewhere")).unwrap();
    assert!(!log.is_in_place());
    fs::write(&path, "another").unwrap();
    assert!(!log.is_in_place());
}
