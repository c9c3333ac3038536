//! The daemon as its peers and its operator meet it: real sockets, real signals, real files.

mod accounts;
mod chatting;
mod command_line;
mod external;
mod gateways;
mod hostile;
mod keeping;
mod keys;
mod limits;
mod load;
mod moderating;
mod old_clients;
mod order;
mod proxied;
mod renaming;
mod signals;
mod starting;
mod tls;
mod trust;
mod websocket;
