//! What makes a set of listeners possible. Two that cannot both be bound are a mistake of the file,
//! told before anything is opened.

use super::listen::ListenDraft;
use super::notes::Notes;
use super::{Endpoint, Listen, Trust};

/// Turns the drafts into listeners, and notes those that are impossible, alone or together.
pub(super) fn check(drafts: &[ListenDraft], notes: &mut Notes) -> Vec<Listen> {
    let mut listeners: Vec<Listen> = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let here = format!("listen[{index}]");
        let at = draft.endpoint();
        // A listener with a bad value has had its answer; what it collides with is unknown.
        if !notes.refused_within(&here) {
            one_kind(draft, &here, notes);
            let earlier = listeners.iter().position(|other| collide(&other.at, &at));
            if let Some(earlier) =
                earlier.filter(|earlier| !notes.refused_within(&format!("listen[{earlier}]")))
            {
                let text = format!("listens on {at}, which listen[{earlier}] has already");
                notes.problem(&[&here], &here, text);
            }
        }
        listeners.push(Listen {
            protocol: draft.protocol,
            at,
            tls: draft.tls,
            trust: draft.trust,
            proxies: draft.proxies.clone(),
        });
    }
    listeners
}

fn one_kind(draft: &ListenDraft, here: &str, notes: &mut Notes) {
    if draft.unix.0.is_none() {
        if draft.trust == Trust::Peer {
            let key = format!("{here}.trust");
            let text = "is for unix; who is at the other end of a TCP connection nobody knows";
            notes.problem(&[&key], &key, text);
        }
        return;
    }
    let written = [
        ("address", draft.address.is_some()),
        ("port", draft.port.is_some()),
    ];
    for (name, _) in written.iter().filter(|(_, written)| *written) {
        let key = format!("{here}.{name}");
        notes.problem(
            &[&key],
            &key,
            "stands beside unix; a listener has either unix, or address and port",
        );
    }
    if draft.tls {
        let key = format!("{here}.tls");
        let text = "is for address and port; a Unix socket needs none, nobody is on the way";
        notes.problem(&[&key], &key, text);
    }
    if !draft.proxies.is_empty() {
        let key = format!("{here}.proxies");
        let text = "is for address and port; who connects to a Unix socket has no address";
        notes.problem(&[&key], &key, text);
    }
}

/// Whether the system would refuse to open both.
fn collide(a: &Endpoint, b: &Endpoint) -> bool {
    match (a, b) {
        (
            Endpoint::Tcp { address, port },
            Endpoint::Tcp {
                address: other_address,
                port: other_port,
            },
        ) => {
            let overlap = address == other_address
                || (address.is_ipv4() == other_address.is_ipv4()
                    && (address.is_unspecified() || other_address.is_unspecified()));
            // Port 0 is another port every time.
            port == other_port && *port != 0 && overlap
        }
        (Endpoint::Unix { path }, Endpoint::Unix { path: other }) => path == other,
        (Endpoint::Tcp { .. }, Endpoint::Unix { .. })
        | (Endpoint::Unix { .. }, Endpoint::Tcp { .. }) => false,
    }
}
