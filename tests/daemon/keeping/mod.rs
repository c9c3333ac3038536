//! What was acknowledged is kept, whatever happens: processes that are killed, disks that are full,
//! stand still or rot, connections that are cut, people who mean harm.

mod dice;
mod ledger;
