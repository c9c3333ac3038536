//! How long deliveries took, in bounded memory: a histogram with three significant digits.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest time that is told apart, in nanoseconds; what took longer counts as this.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// Times of many deliveries.
#[derive(Debug)]
pub struct Latency {
    histogram: Histogram<u64>,
}

impl Default for Latency {
    fn default() -> Self {
        let histogram =
            Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("bounds that a histogram can have");
        Self { histogram }
    }
}

impl Latency {
    /// One delivery that took so long.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.histogram.saturating_record(ns);
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.histogram.reset();
    }

    /// The percentiles; `None` when nothing was delivered.
    #[must_use]
    pub fn summary(&self, from: Since) -> Option<Summary> {
        let at = |quantile| micros(self.histogram.value_at_quantile(quantile));
        (!self.histogram.is_empty()).then(|| Summary {
            from,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: micros(self.histogram.max()),
            count: self.histogram.len(),
        })
    }
}

/// Where the clock of a latency starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// When the message should have been sent, so that a sender who was held up hides nothing.
    Intended,
    /// When it was sent.
    Sent,
}

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    pub from: Since,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub count: u64,
}

/// Microseconds with one decimal.
#[expect(clippy::cast_precision_loss, reason = "for people")]
fn micros(ns: u64) -> f64 {
    (ns as f64 / 100.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_in_microseconds() {
        let mut latency = Latency::default();
        assert_eq!(latency.summary(Since::Sent), None);
        for micros in 1..=1000 {
            latency.record(micros * 1000);
        }
        let summary = latency.summary(Since::Intended).unwrap();
        assert!((summary.p50 - 500.0).abs() < 1.0, "{summary:?}");
        assert!((summary.p99 - 990.0).abs() < 2.0, "{summary:?}");
        assert!((summary.max - 1000.0).abs() < 1.0, "{summary:?}");
        assert_eq!(summary.count, 1000);
        latency.reset();
        assert_eq!(latency.summary(Since::Sent), None);
    }
}
