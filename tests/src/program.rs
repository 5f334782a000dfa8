//! The built program, started as a user starts it.
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    folder.expect("the tests live one folder below the root").to_path_buf()
}

/// The program that was built beside the running test.
///
/// # Panics
/// When it is not there: `cargo test` alone builds no binaries of other packages, `make test` builds them first.
pub fn path() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/release/deps");
    let program = folder.join("laneproof");
    assert!(
        program.is_file(),
        "{} is not there: run `cargo build --release --workspace` first, or `make test`, which does",
        program.display()
    );
    program
}

/// `laneproof ARGUMENTS` in the folder of the workspace, where it finds its default models.
pub fn command<I: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(path());
    command.args(arguments).current_dir(root()).env_remove("LANEPROOF_ADAPTER").env("NO_COLOR", "1");
    command
}

/// Exit code and what was written on standard error; standard output is in the panic when the program was killed.
pub fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    let code = status.code().unwrap_or_else(|| panic!("killed by a signal:\n{stdout}\n{stderr}"));
    (code, stdout, stderr)
}
