//! What peers of a shard hear and what its owner is told, over real sockets and a virtual clock.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

use bytes::Bytes;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const PATIENT: Finish = Finish {
    until: Duration::from_secs(5),
    is_patient: true,
};
const IMPATIENT: Finish = Finish {
    is_patient: false,
    ..PATIENT
};

/// A shard, its owner's place, and a clock.
struct Scene {
    shard: Shard,
    reports: Reports,
    now: Duration,
}

impl Scene {
    fn new(bounds: Bounds) -> Self {
        Self {
            shard: Shard::new(bounds).unwrap(),
            reports: Reports::new(bounds.read_bytes),
            now: SECOND,
        }
    }

    /// Connects a peer in this slot.
    fn connect(&mut self, slot: u32) -> UnixStream {
        let (ours, theirs) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        self.shard.serve(slot, Socket::new(ours.into()), None);
        theirs
    }

    /// By TCP the kernel takes lines in part, too.
    fn connect_by_tcp(&mut self, slot: u32) -> TcpStream {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let (ours, _) = listener.accept().unwrap();
        self.shard.serve(slot, Socket::new(ours.into()), None);
        theirs
    }

    /// One turn of the owner; what it is told, in words.
    fn turn(&mut self) -> Vec<String> {
        self.reports.begin();
        self.shard.poll(self.now, &mut self.reports);
        self.shard.settle(self.now, &mut self.reports);
        let mut told = Vec::new();
        while let Some(report) = self.reports.next_report() {
            told.push(match report {
                Report::Received { slot, bytes } => {
                    let text = String::from_utf8_lossy(self.reports.bytes(bytes));
                    format!("{slot} said {text}")
                }
                Report::Secured { slot, .. } => format!("{slot} secured"),
                Report::TlsFailed { slot, why } => format!("{slot} failed: {why:?}"),
                Report::Closed { slot } => format!("{slot} closed"),
                Report::Failed { slot, .. } => format!("{slot} failed"),
                Report::Overflowed { slot, .. } => format!("{slot} overflowed"),
                Report::Gone { slot, .. } => format!("{slot} gone"),
            });
        }
        while self.shard.flush(self.now) && self.shard.has_writes() {}
        told
    }

    fn share(&mut self, text: &'static str, slots: &[u32]) {
        self.shard
            .share(Bytes::from_static(text.as_bytes()).into(), slots.to_vec());
    }
}

fn bounds() -> Bounds {
    Bounds {
        read_bytes: 16,
        reads_per_turn: 2,
        flush_slice: 1,
        send_queue_bytes: 100_000,
    }
}

/// Everything that has arrived; `!` at the end of the stream.
fn heard(peer: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let is_at_end = peer.read_to_end(&mut bytes).is_ok();
    let mut text = String::from_utf8(bytes).unwrap();
    text.extend(is_at_end.then_some('!'));
    text
}

#[test]
fn everyone_gets_what_is_shared_once_and_in_order() {
    let mut scene = Scene::new(bounds());
    let mut peers: Vec<UnixStream> = (0..4).map(|slot| scene.connect(slot)).collect();
    scene.share("a\n", &[0, 1, 2]);
    scene.share("b\n", &[2, 1, 0, 3]);
    scene.shard.flush(scene.now); // one of them has got it
    assert!(scene.shard.is_flushing());
    scene.shard.send_last(1, b"just for you\n");
    scene.shard.send(2, b"urgent\n");
    scene.turn();
    assert_eq!(heard(&mut peers[0]), "a\nb\n");
    assert_eq!(heard(&mut peers[1]), "a\nb\njust for you\n");
    assert_eq!(heard(&mut peers[2]), "urgent\na\nb\n");
    assert_eq!(heard(&mut peers[3]), "b\n");
    assert!(!scene.shard.is_flushing());
}

#[test]
fn who_misses_a_line_gets_the_rest_of_the_slice_in_one_write() {
    let mut scene = Scene::new(bounds());
    let mut peers: Vec<UnixStream> = (0..3).map(|slot| scene.connect(slot)).collect();
    let gap = |slot, from, to| Gap { slot, from, to };
    let gaps = vec![gap(1, 2, 4), gap(2, 0, 6)];
    let share = Share::new(Bytes::from_static(b"a\nb\nc\n"), gaps);
    scene.shard.share(share.clone(), vec![0, 1, 2]);
    scene.turn();
    assert_eq!(heard(&mut peers[0]), "a\nb\nc\n");
    assert_eq!(heard(&mut peers[1]), "a\nc\n");
    assert_eq!(heard(&mut peers[2]), "");
    assert_eq!(scene.shard.tally().writes, 2);
    // Behind something of its own: that is one write, too.
    scene.shard.share(share, vec![0, 1, 2]);
    scene.shard.send(1, b"ack\n");
    scene.turn();
    assert_eq!(heard(&mut peers[1]), "ack\na\nc\n");
    assert_eq!(scene.shard.tally().writes, 4);
}

#[test]
fn pieces_that_the_kernel_takes_in_part_arrive_whole() {
    let mut scene = Scene::new(Bounds {
        send_queue_bytes: 100_000_000,
        ..bounds()
    });
    let mut peer = scene.connect_by_tcp(0);
    let line = |letter: u8| [vec![letter; 5_000_000], vec![b'\n']].concat();
    let slice = [line(b'a'), line(b'x'), line(b'b')].concat();
    let third = slice.len() / 3;
    let gaps = vec![Gap {
        slot: 0,
        from: third,
        to: 2 * third,
    }];
    scene.shard.share(Share::new(slice.into(), gaps), vec![0]);
    let mut text = String::new();
    while text.len() < 2 * third {
        scene.turn();
        text += &heard(&mut peer);
    }
    assert!(scene.shard.tally().writes_short > 0);
    let expected = String::from_utf8([line(b'a'), line(b'b')].concat()).unwrap();
    assert!(text == expected);
}

#[test]
fn a_peer_that_talks_without_end_leaves_turns_to_the_others() {
    let mut scene = Scene::new(bounds());
    let mut ana = scene.connect(0);
    let mut ben = scene.connect(1);
    ana.write_all(&[b'x'; 80]).unwrap();
    ben.write_all(b"hello").unwrap();
    let x = "x".repeat(16);
    let twice = [format!("0 said {x}"), format!("0 said {x}")];
    assert_eq!(
        scene.turn(),
        [&twice[..], &["1 said hello".into()]].concat()
    );
    assert_eq!(scene.turn(), twice);
    assert_eq!(scene.turn(), twice[..1]);
    assert_eq!(scene.turn(), [""; 0]);
}

#[test]
fn whoever_found_no_room_in_a_turn_comes_first_in_the_next() {
    let mut scene = Scene::new(Bounds {
        read_bytes: 100_000,
        reads_per_turn: 1,
        ..bounds()
    });
    let mut greedy: Vec<UnixStream> = (0..3).map(|slot| scene.connect(slot)).collect();
    let mut ana = scene.connect(3);
    for _ in 0..2 {
        for peer in &mut greedy {
            peer.write_all(&[b' '; 100_000]).unwrap();
        }
        ana.write_all(b"hello").unwrap();
        assert!(scene.turn().iter().all(|told| !told.starts_with('3')));
        assert_eq!(scene.turn()[0], "3 said hello");
        while !scene.turn().is_empty() {}
    }
}

#[test]
fn who_does_not_read_is_cut_and_told_and_hurts_nobody() {
    let mut scene = Scene::new(bounds());
    let mut deaf = scene.connect_by_tcp(0);
    let mut ana = scene.connect(1);
    let line: &'static str = Box::leak(format!("{}\n", "x".repeat(9_999)).into_boxed_str());
    let mut said = 0;
    let mut told = Vec::new();
    while told.is_empty() {
        scene.share(line, &[0, 1]);
        said += 1;
        told = scene.turn();
        assert_eq!(heard(&mut ana), line, "line {said}");
        let queued: usize = scene.shard.queues().map(|(_, bytes)| bytes).sum();
        assert!(queued <= 110_000, "{queued} bytes wait after line {said}");
    }
    assert_eq!(told, ["0 overflowed"]);
    scene.shard.finish(0, b"too slow\n", PATIENT);
    scene.turn();
    let mut all = String::new();
    while !all.ends_with('!') {
        all += &heard(&mut deaf);
        scene.turn();
    }
    let whole_lines = all.strip_suffix("too slow\n!").unwrap();
    assert_eq!(whole_lines.len() % line.len(), 0, "no line is cut in two");
}

#[test]
fn a_connection_ends_when_its_queue_has_left_and_the_peer_has_closed() {
    let mut scene = Scene::new(bounds());
    let mut ana = scene.connect(0);
    scene.share("news\n", &[0]);
    scene.shard.finish(0, b"bye\n", PATIENT);
    scene.shard.send(0, b"too late\n");
    assert_eq!(scene.turn(), [""; 0]);
    assert_eq!(heard(&mut ana), "news\nbye\n!");
    ana.write_all(b"I was not done").unwrap();
    assert_eq!(scene.turn(), [""; 0], "nobody wants to know any more");
    drop(ana);
    assert_eq!(scene.turn(), ["0 gone"]);
}

#[test]
fn who_has_closed_one_side_still_gets_answers() {
    let mut scene = Scene::new(bounds());
    let mut ana = scene.connect(0);
    ana.write_all(b"well?").unwrap();
    ana.shutdown(Shutdown::Write).unwrap();
    assert_eq!(scene.turn(), ["0 said well?"]);
    assert_eq!(scene.turn(), ["0 closed"]);
    scene.shard.send(0, b"well!\n");
    scene.shard.finish(0, b"", PATIENT);
    scene.turn();
    assert_eq!(heard(&mut ana), "well!\n!");
}

#[test]
fn nobody_waits_longer_than_told_for_a_peer_that_does_not_read_its_last_words() {
    let mut scene = Scene::new(bounds());
    let (_ana, _ben) = (scene.connect(0), scene.connect(1));
    let flood = vec![b'x'; 10_000_000];
    scene.shard.finish(0, &flood, PATIENT);
    scene.shard.finish(1, &flood, IMPATIENT);
    scene.turn();
    assert_eq!(scene.turn(), ["1 gone"], "there is no room to wait for it");
    assert_eq!(scene.shard.next_deadline(), Some(PATIENT.until));
    scene.now = PATIENT.until;
    assert_eq!(scene.turn(), ["0 gone"]);
    assert_eq!(scene.shard.next_deadline(), None);
}

#[test]
fn a_paced_peer_gets_one_object_at_a_time() {
    let mut scene = Scene::new(bounds());
    let mut old = scene.connect(0);
    scene.shard.pace(0, SECOND);
    scene.share("{1}\n{2}\n", &[0]);
    scene.shard.send(0, b"{3}\n");
    for object in ["{3}\n", "{1}\n", "{2}\n", ""] {
        scene.turn();
        assert_eq!(heard(&mut old), object);
        scene.turn();
        assert_eq!(heard(&mut old), "", "not before its time");
        scene.now += SECOND;
    }
}

#[test]
fn a_broken_connection_is_reported_once_and_keeps_nobody_awake() {
    let mut scene = Scene::new(bounds());
    let ana = scene.connect(0);
    scene.shard.send(0, b"unread\n");
    scene.turn();
    drop(ana); // closing over unread bytes resets the connection
    assert_eq!(scene.turn(), ["0 failed"]);
    scene.shard.send(0, b"more\n");
    assert_eq!(scene.turn(), [""; 0]);
    assert!(
        !scene.shard.poll(scene.now, &mut scene.reports),
        "nothing to tell"
    );
    scene.shard.finish(0, b"bye\n", PATIENT);
    assert_eq!(scene.turn(), ["0 gone"]);
    let mut ben = scene.connect(0);
    scene.shard.send(0, b"the slot is free\n");
    scene.turn();
    assert_eq!(heard(&mut ben), "the slot is free\n");
}
