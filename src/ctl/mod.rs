//! chatctl: the command line.
