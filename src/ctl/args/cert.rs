//! The arguments of `chatctl cert`.

use std::path::PathBuf;

use clap::Subcommand;

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub enum Cert {
    /// Make a certificate that vouches for itself, and its key.
    SelfSigned {
        /// A host name or address by which clients will reach the server.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// How long it is good for.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
        /// Where to write chatd.pem and chatd.key.
        #[arg(long, value_name = "DIR", default_value = ".")]
        dir: PathBuf,
        /// Replace files that are there.
        #[arg(long)]
        force: bool,
    },
    /// Show the certificate in a file, or that of a server. A server's is shown, not verified.
    Show {
        /// A PEM file, or HOST:PORT.
        #[arg(value_name = "FILE|HOST:PORT")]
        of: String,
    },
}
