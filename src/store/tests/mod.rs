//! Stories of a store.
