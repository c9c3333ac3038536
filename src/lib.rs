//! chatd, a chat service for machines that you run yourself: one daemon, one file, one command line.
//!
//! ```text
//!  bytes        messages           Command              Event / Refusal           bytes
//!  peer ─► shard ─► protocol session ─► engine ─► HUB ─► engine ─► room buffer ─► shard ─► peer
//!                     (pure)                     (pure)
//! ```
//!
//! The hub decides, everything else carries. Bytes become commands in a protocol, the engine hands
//! them to the hub one at a time, and the hub answers with events and who hears them; the engine has
//! them rendered once per dialect, and the shards write them out. `ARCHITECTURE.md` tells why.
//!
//! # The import table
//!
//! A module may name its own items, those of the modules in its row, std, and the crates in its row.
//! A module belongs to the longest row that its path begins with, so a part with a row of its own
//! must be named by its own name. Rows import upwards only. `tests/tidy.rs` reads this table.
//!
//! | module | may import | crates |
//! |---|---|---|
//! | `hub` | | `precis_profiles`, `sha2`, `smallvec`, `smol_str`, `unicode_normalization`, `zeroize` |
//! | `store` | `hub` | `crc32fast`, `getrandom`, `postcard`, `rusqlite`, `rustix`, `serde`, `thiserror`, `unicode_normalization` |
//! | `registry::guard` | | |
//! | `registry::external` | `hub`, `registry::guard` | `bytes`, `getrandom`, `http_body_util`, `hyper`, `hyper_util`, `rustix`, `serde`, `serde_json`, `sha2`, `thiserror`, `tokio`, `zeroize` |
//! | `registry` | `hub`, `registry::external`, `registry::guard` | `argon2`, `getrandom`, `hmac`, `pbkdf2`, `rusqlite`, `rustix`, `sha2`, `subtle`, `thiserror` |
//! | `wire` | | `serde`, `serde_json`, `thiserror`, `utoipa` |
//! | `config` | `hub`, `wire` | `argon2`, `clap`, `rustix`, `strsim`, `thiserror`, `toml`, `tracing_subscriber` |
//! | `tls` | `config`, `hub` | `chrono`, `rcgen`, `rustls`, `thiserror`, `x509_parser` |
//! | `daemon::transport` | | `rustix`, `rustls`, `socket2`, `thiserror`, `tokio` |
//! | `daemon::clock` | `hub` | `chrono`, `tokio` |
//! | `daemon::shard` | `daemon::clock`, `daemon::transport` | `bytes`, `rustix`, `smallvec`, `tokio` |
//! | `daemon::protocol` | `daemon::protocol::chat`, `daemon::protocol::http`, `daemon::protocol::irc`, `daemon::protocol::websocket`, `hub`, `wire` | `chrono` |
//! | `daemon::protocol::irc` | `daemon::protocol`, `hub` | `base64`, `smallvec`, `smol_str` |
//! | `daemon::protocol::chat` | `daemon::protocol`, `hub`, `wire` | `chrono`, `serde`, `serde_json` |
//! | `daemon::protocol::websocket` | | `tungstenite` |
//! | `daemon::protocol::http` | `daemon::protocol`, `daemon::protocol::irc`, `daemon::protocol::websocket`, `hub` | `chrono`, `httparse`, `tungstenite` |
//! | `daemon::engine::handle` | `config`, `daemon::shard`, `hub` | `thiserror`, `tokio` |
//! | `daemon::engine` | `config`, `daemon::clock`, `daemon::engine::handle`, `daemon::protocol`, `daemon::shard`, `daemon::transport`, `hub`, `registry`, `store`, `tls` | `bytes`, `getrandom`, `slab`, `smallvec`, `tokio`, `tracing` |
//! | `daemon::inherited` | | `sd_notify` |
//! | `daemon::instance` | | `nix`, `rustix`, `socket2`, `thiserror` |
//! | `daemon::metrics` | | `rustix` |
//! | `daemon::nofile` | | `rustix` |
//! | `daemon::signals` | | `futures_core`, `signal_hook`, `signal_hook_tokio`, `tokio` |
//! | `daemon::logging` | `config`, `hub`, `wire` | `chrono`, `rustix`, `serde_json`, `signal_hook`, `thiserror`, `tokio`, `tracing`, `tracing_appender`, `tracing_subscriber` |
//! | `daemon::systemd` | `config`, `daemon::engine::handle`, `daemon::inherited`, `hub` | `sd_notify`, `socket2`, `tokio`, `tracing` |
//! | `daemon::system_users` | `hub` | `nix`, `tokio` |
//! | `daemon::proxy_header` | `daemon::transport` | `ppp`, `thiserror` |
//! | `daemon::state` | `daemon::clock`, `daemon::nofile`, `wire` | `tokio` |
//! | `daemon::certificates` | `config`, `daemon::clock`, `daemon::logging`, `tls` | `thiserror`, `tokio`, `tracing` |
//! | `daemon::reload` | `config`, `daemon::certificates`, `daemon::engine::handle`, `daemon::logging`, `daemon::systemd` | `thiserror`, `tokio`, `tracing` |
//! | `daemon::admin` | `config`, `daemon::certificates`, `daemon::clock`, `daemon::engine::handle`, `daemon::logging`, `daemon::metrics`, `daemon::nofile`, `daemon::reload`, `daemon::state`, `hub`, `registry`, `store`, `wire` | `axum`, `bytes`, `futures_core`, `hyper`, `hyper_util`, `nix`, `rustix`, `serde`, `serde_json`, `socket2`, `tokio`, `tower`, `tracing`, `utoipa`, `utoipa_axum` |
//! | `daemon` | `config`, `daemon::admin`, `daemon::certificates`, `daemon::clock`, `daemon::engine`, `daemon::engine::handle`, `daemon::instance`, `daemon::logging`, `daemon::nofile`, `daemon::proxy_header`, `daemon::reload`, `daemon::signals`, `daemon::state`, `daemon::system_users`, `daemon::systemd`, `daemon::transport`, `hub`, `registry`, `store`, `wire` | `rustix`, `thiserror`, `tokio`, `tracing` |
//! | `ctl` | `config`, `store`, `tls`, `wire` | `anyhow`, `chrono`, `clap`, `clap_complete`, `clap_mangen`, `comfy_table`, `getrandom`, `hdrhistogram`, `http_body_util`, `hyper`, `hyper_util`, `indicatif`, `memchr`, `nix`, `rustix`, `rustls`, `rustls_native_certs`, `rustyline`, `serde`, `serde_json`, `signal_hook`, `strsim`, `thiserror`, `tokio`, `tokio_rustls`, `unicode_width` |
//! | `bin` | `config`, `ctl`, `daemon`, `daemon::certificates`, `daemon::clock` | `clap` |

pub mod config;
pub mod ctl;
pub mod daemon;
pub mod hub;
pub mod registry;
pub mod store;
pub mod tls;
pub mod wire;
