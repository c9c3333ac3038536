//! What the daemon uses of the machine, read from `/proc/self` when someone asks.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// The process at this moment. What the system does not tell is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessFigures {
    /// Memory in RAM, in bytes.
    pub rss_bytes: u64,
    /// Open descriptors.
    pub open_files: u64,
}

impl ProcessFigures {
    /// Reads them.
    #[must_use]
    pub fn read() -> Self {
        Self {
            rss_bytes: rss_bytes().unwrap_or(0),
            open_files: open_files().unwrap_or(0),
        }
    }
}

/// proc_pid_statm(5): the second number is resident pages.
fn rss_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(u64::try_from(rustix::param::page_size()).ok()?)
}

fn open_files() -> Option<u64> {
    // Linux 6.2 and newer give the count as the directory's size: no walk over 50 000 entries.
    match fs::metadata("/proc/self/fd").ok()?.size() {
        0 => u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok(),
        count => Some(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_has_memory_and_open_files() {
        let figures = ProcessFigures::read();
        assert!(figures.rss_bytes > 100_000, "{figures:?}");
        assert!(figures.open_files >= 3, "{figures:?}");
    }
}
