//! MQTT 3.1.1 with quality of service 0, which answers no message. A publisher subscribes to nothing.
//! Section numbers are those of the OASIS standard.

use super::{Client, Frame, Heard, Names, Place, Speech, Stage, To, Words};

/// DISCONNECT (3.14).
pub const QUIT: &[u8] = &[0xE0, 0];

/// The upper half of a packet's first byte (2.2.1), and CONNACK, PUBLISH and SUBACK in it.
const KIND: u8 = 0xF0;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBACK: u8 = 0x90;

/// CONNECT (3.1): protocol `MQTT` of level 4, a clean session, no keep alive.
const CONNECT_HEADER: &[u8] = &[0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0];

pub(super) fn connected(names: &Names, client: &mut Client) {
    let mut body = CONNECT_HEADER.to_vec();
    push_string(&mut body, &names.nick(client.number));
    push_packet(&mut client.out, 0x10, &body);
    client.stage = Stage::LoggingIn;
}

pub(super) fn message(names: &Names, to: To, text_bytes: usize) -> Frame {
    let topic = names.of(to);
    let mut body = Vec::new();
    push_string(&mut body, &topic);
    let mut before = vec![PUBLISH];
    push_length(&mut before, body.len() + text_bytes);
    before.extend(body);
    Frame {
        before,
        behind: Vec::new(),
    }
}

#[inline]
pub(super) fn read(
    speech: &Speech,
    client: &mut Client,
    bytes: &[u8],
    hear: &mut impl FnMut(Heard<'_>),
) -> usize {
    let mut at = 0;
    loop {
        match packet(&bytes[at..]) {
            Length::Known { header, body } => {
                let begin = at + header;
                let Some(packet) = bytes.get(begin..begin + body) else {
                    return at;
                };
                let kind = bytes[at] & KIND;
                at = begin + body;
                if kind == PUBLISH {
                    // The text is what is behind the topic: the end.
                    if let Some(text) = packet.len().checked_sub(speech.text_bytes) {
                        hear(Heard::Text(&packet[text..]));
                    }
                } else {
                    other(speech, client, kind, packet, hear);
                }
            }
            Length::NotYet => return at,
            Length::Nonsense => {
                client.confused(speech.protocol);
                return bytes.len();
            }
        }
    }
}

/// How long a packet is.
enum Length {
    Known { header: usize, body: usize },
    NotYet,
    Nonsense,
}

/// Reads a fixed header (2.2): its length is in up to four bytes of seven bits each.
#[inline]
fn packet(bytes: &[u8]) -> Length {
    let mut body = 0;
    for place in 0..4 {
        let Some(byte) = bytes.get(1 + place) else {
            return Length::NotYet;
        };
        body |= usize::from(byte & 127) << (7 * place);
        if byte & 128 == 0 {
            let header = 2 + place;
            return Length::Known { header, body };
        }
    }
    Length::Nonsense
}

#[cold]
fn other(
    speech: &Speech,
    client: &mut Client,
    kind: u8,
    packet: &[u8],
    hear: &mut impl FnMut(Heard<'_>),
) {
    match (kind, packet) {
        (CONNACK, [_, 0, ..]) => logged_in(speech, client),
        // 0x80 is the refusal of a subscription (3.9.3).
        (CONNACK, [.., code]) | (SUBACK, [.., code @ 0x80]) => {
            let code = format!("return code {code}");
            client.refused(
                Words {
                    code,
                    text: String::new(),
                },
                hear,
            );
        }
        (SUBACK, _) => client.arrived(),
        _ => {}
    }
}

fn logged_in(speech: &Speech, client: &mut Client) {
    let Place::Room(room) = client.place else {
        return client.arrived();
    };
    // Packet identifier 1; quality of service 0 behind the topic.
    let mut body = vec![0, 1];
    push_string(&mut body, &speech.names.room(room));
    body.push(0);
    push_packet(&mut client.out, 0x82, &body);
    client.stage = Stage::Joining;
}

fn push_packet(out: &mut Vec<u8>, first: u8, body: &[u8]) {
    out.push(first);
    push_length(out, body.len());
    out.extend_from_slice(body);
}

fn push_length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = (length % 128) as u8;
        length /= 128;
        out.push(if length > 0 { low | 128 } else { low });
        if length == 0 {
            return;
        }
    }
}

/// A string behind its length in two bytes (1.5.3). Ours are short.
fn push_string(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
