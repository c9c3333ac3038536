//! Any bytes to a chat session, in one piece and cut (the first says where): it never panics, says the same either way, and
//! what it answers is whole lines, each a JSON object once a dialect has been chosen.

#![no_main]

use chatd::daemon::protocol::{Facts, Incoming, Session};
use chatd::hub::settings::Settings;
use chatd::hub::time::UnixMillis;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((step, bytes)) = input.split_first() else {
        return;
    };
    let facts = Facts {
        server_name: "fuzz".into(),
        software: "chatd".into(),
        motd: String::new(),
        settings: Settings {
            message_bytes: 32,
            max_faults: u32::MAX, // else the read with so many of them is the last, and reads differ
            ..Settings::default()
        },
        origins: Vec::new(),
        has_history: true,
        irc_autoreplay: 20,
        irc_sts: None,
        irc_password: None,
        irc_admin: String::new(),
        list_bytes: 1 << 20,
        utc_offset_seconds: 0,
        started_at: UnixMillis(0),
        now: UnixMillis(1_795_424_400_000),
    };
    let whole = play([bytes], &facts);
    assert_eq!(whole, play(bytes.chunks(usize::from(*step) + 1), &facts));
    for incoming in &whole {
        if let Incoming::Answer(answer) | Incoming::Fault(answer) = incoming {
            let text = str::from_utf8(answer).expect("answers are UTF-8");
            assert!(text.ends_with('\n'));
            for line in text.lines() {
                let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
                assert!(object["type"].is_string(), "{line}");
            }
        }
    }
});

fn play<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, facts: &Facts) -> Vec<Incoming> {
    let mut session = Session::chat();
    let mut incoming = Vec::new();
    for piece in pieces {
        session.receive(piece, facts, &mut incoming);
        assert!(session.held_bytes() <= 2 * facts.frame_bytes());
        if let Some(Incoming::Unreadable(_)) = incoming.last() {
            break; // nothing more is read from it
        }
    }
    incoming
}
