//! The limit on open files: raised to what the system allows, and what that means for connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that the daemon itself may need: listeners, log files, the admin socket and its
/// connections, and what the libraries open for a moment.
pub const RESERVE: u64 = 128;

/// What was found and what is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// The soft limit that the daemon was started with.
    pub soft_before: u64,
    /// The soft limit now.
    pub now: u64,
}

impl OpenFiles {
    /// Raises the soft limit to the hard one. When the system refuses, the old one stays.
    #[must_use]
    pub fn raise() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        // The result is read back, so that a refusal shows as what it is.
        let _ = setrlimit(Resource::Nofile, raised);
        Self {
            soft_before: limit.current.unwrap_or(u64::MAX),
            now: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
        }
    }

    /// What an operator should know when fewer connections are possible than are `wanted`.
    #[must_use]
    pub fn shortage(self, wanted: usize) -> Option<String> {
        let allowed = self.connections_allowed(RESERVE);
        (wanted > allowed).then(|| {
            format!(
                "limits.max_connections is {wanted}, but the limit on open files allows {allowed} connections: \
                 raise LimitNOFILE= in the unit, or `ulimit -Hn`"
            )
        })
    }

    /// Connections that may be open at a time when `reserve` descriptors serve other ends.
    #[must_use]
    pub fn connections_allowed(self, reserve: u64) -> usize {
        usize::try_from(self.now.saturating_sub(reserve)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_and_shared_out() {
        let files = OpenFiles::raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
        assert!(files.now >= files.soft_before);
        let few = OpenFiles {
            soft_before: 100,
            now: 1024,
        };
        assert_eq!(few.connections_allowed(RESERVE), 896);
        assert_eq!(few.connections_allowed(5000), 0);
    }
}
