//! Where files are looked for: by systemd's word, as root, and as a user with and without a home.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use chatd::config::paths::{
    Directories, Environment, admin_socket_candidates, config_file, create_private, directories,
};

use super::{ana, someone};

fn three(state: &str, log: &str, runtime: &str) -> Directories {
    Directories {
        state: state.into(),
        log: log.into(),
        runtime: runtime.into(),
    }
}

#[test]
fn systemd_decides_when_it_has_a_word() {
    let service = someone(
        998,
        &[
            ("STATE_DIRECTORY", "/var/lib/chatd:/var/lib/other"),
            ("LOGS_DIRECTORY", "/var/log/chatd"),
            ("RUNTIME_DIRECTORY", "/run/chatd:/run/chatd-more"),
            ("XDG_RUNTIME_DIR", "/run/user/998"),
        ],
    );
    assert_eq!(
        directories(&service),
        three("/var/lib/chatd", "/var/log/chatd", "/run/chatd")
    );
}

#[test]
fn root_has_the_system_directories() {
    let root = someone(0, &[("HOME", "/root"), ("XDG_RUNTIME_DIR", "/run/user/0")]);
    assert_eq!(
        directories(&root),
        three("/var/lib/chatd", "/var/log/chatd", "/run/chatd")
    );
}

#[test]
fn a_user_has_directories_of_their_own() {
    assert_eq!(
        directories(&ana()),
        three(
            "/users/ana/.local/state/chatd",
            "/users/ana/.local/state/chatd/log",
            "/run/user/1000/chatd"
        )
    );
    let tidy = someone(
        1000,
        &[("HOME", "/users/ana"), ("XDG_STATE_HOME", "/data/state")],
    );
    assert_eq!(
        directories(&tidy),
        three(
            "/data/state/chatd",
            "/data/state/chatd/log",
            "/tmp/chatd-1000"
        )
    );
}

#[test]
fn without_a_home_everything_is_in_a_directory_named_by_uid() {
    let nobody = someone(
        65534,
        &[
            ("TMPDIR", "/scratch"),
            ("XDG_STATE_HOME", "relative/ignored"),
        ],
    );
    assert_eq!(
        directories(&nobody),
        three(
            "/scratch/chatd-65534/.local/state/chatd",
            "/scratch/chatd-65534/.local/state/chatd/log",
            "/scratch/chatd-65534"
        )
    );
}

#[test]
fn the_config_file_is_looked_for_in_order() {
    let root = someone(0, &[("HOME", "/root")]);
    let everything = |_: &Path| true;
    let nothing = |_: &Path| false;
    let find = |explicit: Option<&str>, who: &Environment, exists: &dyn Fn(&Path) -> bool| {
        config_file(explicit.map(Path::new), who, exists)
    };
    let file = |path: &str| Some(PathBuf::from(path));

    let named = someone(1000, &[("CHATD_CONFIG", "b.toml"), ("HOME", "/users/ana")]);
    assert_eq!(find(Some("a.toml"), &named, &everything), file("a.toml"));
    assert_eq!(find(None, &named, &nothing), file("b.toml"));
    assert_eq!(find(None, &root, &everything), file("/etc/chatd/chat.toml"));
    assert_eq!(
        find(None, &root, &|path| !path.starts_with("/etc")),
        file("/root/.config/chatd/chat.toml")
    );
    assert_eq!(
        find(None, &ana(), &everything),
        file("/users/ana/.config/chatd/chat.toml")
    );
    assert_eq!(find(None, &ana(), &nothing), None);
}

#[test]
fn chatctl_looks_for_ones_own_daemon_before_the_systems() {
    let paths = |list: &[&str]| -> Vec<PathBuf> { list.iter().map(PathBuf::from).collect() };
    assert_eq!(
        admin_socket_candidates(None, &ana()),
        paths(&["/run/user/1000/chatd/admin.sock", "/run/chatd/admin.sock"])
    );
    assert_eq!(
        admin_socket_candidates(None, &someone(0, &[])),
        paths(&["/run/chatd/admin.sock"])
    );
    let told = someone(
        1000,
        &[("CHATD_ADMIN_SOCKET", "/x.sock"), ("HOME", "/users/ana")],
    );
    assert_eq!(admin_socket_candidates(None, &told), paths(&["/x.sock"]));
    assert_eq!(
        admin_socket_candidates(Some(Path::new("/y.sock")), &told),
        paths(&["/y.sock"])
    );
}

/// Whoever runs the tests, with a temporary directory of its own.
fn me(temp: &Path) -> Environment {
    let uid = Environment::from_process().uid();
    someone(uid, &[("TMPDIR", temp.to_str().unwrap())])
}

#[test]
fn the_private_directory_is_made_for_its_owner_alone() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("chatd-me");
    create_private(&directory, &me(temp.path())).unwrap();
    let mode = fs::metadata(&directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    // And the second start finds it as it should be.
    create_private(&directory, &me(temp.path())).unwrap();
}

#[test]
fn a_private_directory_that_others_could_write_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("open");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    let error = create_private(&directory, &me(temp.path())).unwrap_err();
    assert!(
        error.to_string().ends_with("may be written by other users"),
        "{error}"
    );
}

#[test]
fn a_link_does_not_pass_for_the_private_directory() {
    let temp = tempfile::tempdir().unwrap();
    let target = temp.path().join("target");
    fs::create_dir(&target).unwrap();
    let link = temp.path().join("link");
    symlink(&target, &link).unwrap();
    let error = create_private(&link, &me(temp.path())).unwrap_err();
    assert!(error.to_string().ends_with("is not a directory"), "{error}");
}

#[test]
fn chatctl_does_not_believe_a_temporary_directory_that_anyone_may_write() {
    let temp = tempfile::tempdir().unwrap();
    let ben = someone(4242, &[("TMPDIR", temp.path().to_str().unwrap())]);
    let directory = temp.path().join("chatd-4242");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(
        admin_socket_candidates(None, &ben),
        [PathBuf::from("/run/chatd/admin.sock")]
    );
}

#[test]
fn a_private_directory_of_someone_else_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    // The directory belongs to whoever runs the tests; Ben is somebody else, unless that is root,
    // whose directories everyone has to trust.
    let owner = Environment::from_process().uid();
    let ben = someone(owner + 1, &[]);
    let answer = create_private(temp.path(), &ben);
    match owner {
        0 => answer.unwrap(),
        _ => assert!(answer.unwrap_err().to_string().contains("belongs to uid")),
    }
}
