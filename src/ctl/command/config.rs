//! `chatctl config check` and `config show`. Checking needs no daemon: it is the same code that
//! the daemon runs at its start. Showing asks the daemon, which alone knows what is in force.

use std::path::PathBuf;

use anyhow::Result;

use super::db::is_unreachable;
use crate::config::paths::Environment;
use crate::config::{EffectiveKey, Loaded, Problems, Sources, load};
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output, Table};
use crate::wire::admin::{ConfigKey, Done, EffectiveConfig};

/// Carries out a `config` command.
///
/// # Errors
/// As [`Admin::get`]; for `check`, exit 4 when the file is missing and 1 when it has mistakes.
pub async fn run(
    admin: &Admin,
    output: Output,
    command: &args::Config,
    environment: &Environment,
) -> Result<()> {
    match command {
        args::Config::Check { file } => check(output, file.clone(), environment),
        args::Config::Show => show(admin, output, environment).await,
    }
}

/// Loads the configuration as a daemon would that this user starts.
///
/// # Errors
/// All mistakes.
pub fn load_local(file: Option<PathBuf>, environment: &Environment) -> Result<Loaded, Problems> {
    load(&Sources {
        file,
        sets: Vec::new(),
        environment: environment.clone(),
    })
}

fn check(output: Output, file: Option<PathBuf>, environment: &Environment) -> Result<()> {
    if let Some(missing) = file.as_ref().filter(|file| !file.exists()) {
        let text = format!("there is no file {}", missing.display());
        return Err(Failure::new(Exit::NotFound, text).into());
    }
    let loaded = load_local(file, environment)
        .map_err(|problems| Failure::new(Exit::Failed, problems.to_string()))?;
    for warning in &loaded.warnings {
        remark(&format!("warning: {warning}"));
    }
    let done = match &loaded.file {
        Some(file) => format!("{} is correct", file.display()),
        None => "there is no config file; chatd runs on its defaults".to_owned(),
    };
    let answer = Done {
        done,
        sessions: None,
    };
    render::sentence(output, &answer, &answer.done)
}

async fn show(admin: &Admin, output: Output, environment: &Environment) -> Result<()> {
    let config = match admin.get::<EffectiveConfig>("/v1/config").await {
        Ok(config) => config,
        Err(error) if is_unreachable(&error) => {
            let loaded = load_local(None, environment)
                .map_err(|problems| Failure::new(Exit::Failed, problems.to_string()))?;
            let from = match &loaded.file {
                Some(file) => format!("this is what {} says", file.display()),
                None => "these are the defaults, for there is no config file".to_owned(),
            };
            remark(&format!("chatd is not running; {from}"));
            EffectiveConfig {
                keys: loaded.effective.into_iter().map(local_key).collect(),
            }
        }
        Err(error) => return Err(error),
    };
    let mut table = Table::new(&["KEY", "VALUE", "FROM", "CHANGE"]);
    for key in &config.keys {
        let change = if key.needs_restart {
            "restart"
        } else {
            "reload"
        };
        table.row(vec![
            key.key.clone(),
            key.value.clone(),
            key.source.clone(),
            change.to_owned(),
        ]);
    }
    render::list(output, &config, &config.keys, &table)
}

fn local_key(key: EffectiveKey) -> ConfigKey {
    ConfigKey {
        value: key.shown().to_owned(),
        key: key.key,
        source: key.source.to_string(),
        needs_restart: key.needs_restart,
    }
}
