//! Which directories chatd uses, by one rule for daemon and command line.
