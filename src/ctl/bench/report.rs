//! The result of a run: one object for programs, and lines for people that say the throughput first,
//! then the losses, then how long things took, then what they cost the server. Keys that do not apply
//! are absent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::latency::{Since, Summary};
use super::ledger::Totals;
use super::meter::{ServerUsed, Used};

/// The result of any scenario.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub scenario: &'static str,
    pub protocol: &'static str,
    pub server: String,
    #[serde(flatten)]
    pub setting: Option<Setting>,
    pub seconds: f64,
    #[serde(flatten)]
    pub deliveries: Option<Deliveries>,
    #[serde(flatten)]
    pub durable: Option<Durable>,
    #[serde(flatten)]
    pub faults: Option<Faults>,
    pub cut_off: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_latency_us: Option<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<Private>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<Slow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu: Option<ServerCpu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_memory: Option<ServerMemory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_per_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycles: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycles_per_s: Option<f64>,
    pub client_busy: f64,
    /// What the server said when it first refused a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_refusal: Option<String>,
    /// Why the run ended early, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
}

/// What a fan-out run was asked to do.
#[derive(Debug, Serialize)]
pub struct Setting {
    pub publishers: u32,
    pub subscribers: u32,
    pub rooms: u32,
    pub size_bytes: u32,
    pub window: Option<u32>,
    pub rate_per_s: Option<u32>,
}

/// How much was said and heard.
#[derive(Debug, Serialize)]
pub struct Deliveries {
    pub messages: u64,
    pub deliveries: u64,
    pub messages_per_s: f64,
    pub deliveries_per_s: f64,
    pub bytes_per_delivery: f64,
}

/// What was promised to be kept, and what is there.
#[derive(Debug, Serialize)]
pub struct Durable {
    pub writers: u32,
    /// Rooms or streams.
    pub places: u32,
    pub size_bytes: u32,
    /// In the time that was measured.
    pub messages: u64,
    pub acks_per_s: f64,
    /// From the start, with the warm-up.
    pub acknowledged: u64,
    /// Of those, what the server has afterwards.
    pub stored: u64,
}

/// What went wrong with what was said.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Faults {
    pub expected: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub out_of_order: u64,
    pub refused: u64,
}

impl Faults {
    /// The faults in what was counted.
    #[must_use]
    pub fn of(totals: Totals) -> Self {
        Self {
            expected: totals.expected,
            lost: totals.missing(),
            duplicated: totals.duplicated,
            out_of_order: totals.out_of_order,
            refused: totals.refused,
        }
    }

    /// In words, when there is any.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let all = [
            (self.lost, "lost"),
            (self.duplicated, "duplicated"),
            (self.out_of_order, "out of order"),
            (self.refused, "refused"),
        ];
        let words: Vec<_> = all
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// The private messages beside the rooms.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Private {
    pub messages: u64,
    pub lost: u64,
}

/// The subscribers that did not read.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Slow {
    pub asked: u32,
    /// Whose connection the server closed.
    pub cut_off: u32,
    /// To whom it said why.
    pub told: u32,
}

/// The server's CPU time. What it is divided by depends on the scenario.
#[derive(Debug, Serialize)]
pub struct ServerCpu {
    pub pid: i32,
    pub seconds: f64,
    #[serde(flatten)]
    pub each: BTreeMap<&'static str, f64>,
    pub busy: f64,
}

/// The server's resident memory.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ServerMemory {
    pub rss_kib_before: u64,
    pub rss_kib_after: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kib_per_connection: Option<f64>,
}

impl Report {
    /// Notes what a stretch took. `each` names the shares of the server's CPU time: how many
    /// nanoseconds are its unit, and by what it is divided.
    #[expect(clippy::cast_precision_loss, reason = "shares, for people")]
    pub fn note(&mut self, used: &Used, each: &[(&'static str, f64, f64)]) {
        self.seconds = round(used.seconds, 4);
        self.client_busy = round(used.client_busy, 3);
        let Some(server) = used.server else {
            return;
        };
        let share = |&(name, unit_ns, count): &(&'static str, f64, f64)| {
            let share = server.cpu_ns as f64 / unit_ns / count;
            share.is_finite().then(|| (name, round(share, 3)))
        };
        self.server_cpu = Some(ServerCpu {
            pid: server.pid,
            seconds: round(server.cpu_ns as f64 / 1e9, 6),
            each: each.iter().filter_map(share).collect(),
            busy: round(server.busy, 3),
        });
        self.server_memory = Some(ServerMemory::of(server));
    }

    /// Everything that did not go as it should, a sentence for each.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let cut_short = self.cut_short.as_ref();
        let refusal = self.first_refusal.as_ref();
        let faults = self.faults.as_ref().and_then(Faults::in_words);
        let private = self.private.filter(|private| private.lost > 0);
        [
            cut_short.map(|why| format!("the run was cut short: {why}")),
            refusal.map(|words| format!("the server refused messages: {words}")),
            faults.map(|faults| format!("not all went well: {faults}")),
            private.map(|it| format!("{} private messages were lost", it.lost)),
            (self.cut_off > 0).then(|| format!("the server closed {} connections", self.cut_off)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Everything for people: a name and a value for each line.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        self.throughput(&mut lines);
        self.losses(&mut lines);
        for (name, latency) in [
            ("latency", &self.latency_us),
            ("private latency", &self.private_latency_us),
        ] {
            if let Some(latency) = latency {
                lines.push((name, in_words(latency)));
            }
        }
        self.cost(&mut lines);
        if let Some(why) = &self.cut_short {
            lines.push(("cut short", why.clone()));
        }
        lines
    }

    fn throughput(&self, lines: &mut Vec<(&'static str, String)>) {
        if let Some(it) = &self.deliveries {
            let rate = format!("{} per s", grouped(it.deliveries_per_s));
            let bytes = format!("{} bytes each", it.bytes_per_delivery);
            lines.push((
                "deliveries",
                format!(
                    "{rate} ({} in {:.2} s, {bytes})",
                    it.deliveries, self.seconds
                ),
            ));
            let rate = format!("{} per s", grouped(it.messages_per_s));
            lines.push(("messages", format!("{rate} ({})", it.messages)));
        }
        if let Some(it) = &self.durable {
            let rate = format!("{} per s", grouped(it.acks_per_s));
            let what = format!("{} in {:.2} s", it.messages, self.seconds);
            lines.push(("acknowledged", format!("{rate} ({what})")));
            let (stored, all) = (it.stored, it.acknowledged);
            lines.push(("found again", format!("{stored} of {all}")));
        }
        if let Some(connections) = self.connections {
            let rate = self
                .connections_per_s
                .map(|rate| format!("{} per s ", grouped(rate)));
            let rate = rate.unwrap_or_default();
            lines.push((
                "connections",
                format!("{rate}({connections} in {:.2} s)", self.seconds),
            ));
        }
        if let (Some(cycles), Some(rate)) = (self.cycles, self.cycles_per_s) {
            lines.push((
                "cycles",
                format!(
                    "{} per s ({cycles} in {:.2} s)",
                    grouped(rate),
                    self.seconds
                ),
            ));
        }
    }

    fn losses(&self, lines: &mut Vec<(&'static str, String)>) {
        if let Some(faults) = &self.faults {
            let words = faults.in_words().unwrap_or_else(|| "none".to_owned());
            lines.push((
                "faults",
                format!("{words} (of {} expected)", faults.expected),
            ));
        }
        if let Some(private) = &self.private {
            lines.push((
                "private messages",
                format!("{} sent, {} lost", private.messages, private.lost),
            ));
        }
        if self.cut_off > 0 {
            lines.push(("cut off", self.cut_off.to_string()));
        }
        if let Some(slow) = &self.slow {
            let Slow {
                asked,
                cut_off,
                told,
            } = slow;
            lines.push((
                "slow readers",
                format!("{asked}: {cut_off} cut off, {told} told why"),
            ));
        }
    }

    fn cost(&self, lines: &mut Vec<(&'static str, String)>) {
        if let Some(cpu) = &self.server_cpu {
            let shares: Vec<_> = cpu
                .each
                .iter()
                .map(|(name, share)| format!("{share} {}", name.replace('_', " ")))
                .collect();
            lines.push((
                "server CPU",
                format!(
                    "{} ({:.3} s, busy {:.0} %)",
                    shares.join(", "),
                    cpu.seconds,
                    cpu.busy * 100.0
                ),
            ));
        }
        if let Some(memory) = &self.server_memory {
            let each = memory
                .kib_per_connection
                .map(|kib| format!(", {kib} KiB per connection"));
            lines.push((
                "server memory",
                format!(
                    "{} KiB before, {} KiB after{}",
                    memory.rss_kib_before,
                    memory.rss_kib_after,
                    each.unwrap_or_default()
                ),
            ));
        }
        lines.push((
            "this tool",
            format!("busy {:.0} %", self.client_busy * 100.0),
        ));
    }
}

impl ServerMemory {
    fn of(server: ServerUsed) -> Self {
        Self {
            rss_kib_before: server.rss_kib_before,
            rss_kib_after: server.rss_kib_after,
            kib_per_connection: None,
        }
    }

    /// With the growth shared out among so many connections, when there are any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "shares, for people")]
    pub fn per_connection(mut self, connections: u64) -> Self {
        let growth = self.rss_kib_after as f64 - self.rss_kib_before as f64;
        self.kib_per_connection = (connections > 0).then(|| round(growth / connections as f64, 3));
        self
    }
}

fn in_words(latency: &Summary) -> String {
    let Summary {
        p50,
        p90,
        p99,
        p999,
        max,
        ..
    } = latency;
    let from = match latency.from {
        Since::Intended => "the time it was due",
        Since::Sent => "its sending",
    };
    format!("p50 {p50}, p90 {p90}, p99 {p99}, p99.9 {p999}, max {max} us from {from}")
}

/// With so many decimals.
#[must_use]
pub fn round(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (value * unit).round() / unit
}

/// A whole number in groups of three digits.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
