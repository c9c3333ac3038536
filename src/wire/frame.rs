//! JSON objects out of a byte stream, bounded; pure.
