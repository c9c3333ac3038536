//! Any bytes to the frame splitter, in one piece and cut (the first says where): the same objects and errors come out, each
//! object is one JSON object's worth of brackets within the limit, and memory stays bounded.

#![no_main]

use chatd::wire::frame::{FrameError, Splitter};
use libfuzzer_sys::fuzz_target;

const FRAME_BYTES: usize = 64;

fuzz_target!(|input: &[u8]| {
    let Some((step, bytes)) = input.split_first() else {
        return;
    };
    let whole = split([bytes]);
    assert_eq!(whole, split(bytes.chunks(usize::from(*step) + 1)));
    for object in whole.iter().flatten() {
        assert!(
            object.len() <= FRAME_BYTES && object.starts_with('{'),
            "{object}"
        );
    }
});

fn split<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Result<String, FrameError>> {
    let mut splitter = Splitter::new();
    let mut found = Vec::new();
    for mut piece in pieces {
        while let Some(step) = splitter.next(&mut piece, FRAME_BYTES) {
            found.push(step.map(String::from));
        }
        assert!(piece.is_empty() && splitter.held_bytes() <= 2 * FRAME_BYTES);
    }
    found
}
