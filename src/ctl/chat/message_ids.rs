//! The ids that chatctl gives its own messages (`client_msgid`). A message that is sent again after a
//! broken connection bears its first id, so the server acknowledges it again and says it once. They
//! must differ between all processes of one user, so each process draws a random beginning.

/// Ids that no other process gives.
#[derive(Debug)]
pub struct MessageIds {
    process: u64,
    given: u64,
}

impl MessageIds {
    /// The ids of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        let mut random = [0; 8];
        let process = match getrandom::fill(&mut random) {
            Ok(()) => u64::from_le_bytes(random),
            // Without randomness the process and the time since the machine's start must do.
            Err(_) => crate::ctl::clock::monotonic_ns() ^ (u64::from(std::process::id()) << 40),
        };
        Self { process, given: 0 }
    }

    /// An id for one more message.
    pub fn next_id(&mut self) -> String {
        self.given += 1;
        format!("{:016x}-{}", self.process, self.given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_within_and_between_processes() {
        let mut one = MessageIds::of_this_process();
        let mut two = MessageIds::of_this_process();
        let ids = [one.next_id(), one.next_id(), two.next_id()];
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        assert!(ids.iter().all(|id| (1..=64).contains(&id.len())), "{ids:?}");
    }
}
