//! `.ci/setup.sh` on made-up machines: a folder of stand-in commands is all that is on PATH.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

/// A process started by one test would, for a moment, hold open the stand-in that another is writing, and the system
/// refuses to run a file that is open for writing.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A machine on which everything is there; tests take things away from it.
struct Machine {
    dir: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Machine {
    fn new() -> Machine {
        let machine = Machine {
            dir: TempDir::new().expect("a folder"),
            _alone: ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner),
        };
        for tool in ["bash", "env", "grep"] {
            let real = ["/usr/bin", "/bin"].map(|d| Path::new(d).join(tool)).into_iter().find(|p| p.exists());
            machine.command(tool, &format!("exec {} \"$@\"", real.expect("a POSIX system").display()));
        }
        for tool in ["cargo", "cc", "c++", "python3"] {
            machine.command(tool, "exit 0");
        }
        machine.command("id", "echo 0");
        machine.command("ldconfig", "echo '	libvulkan.so.1 (libc6) => /lib/libvulkan.so.1'");
        // Notes what it is asked, and brings a Vulkan loader when that is among it.
        let bin = machine.dir.path().join("bin");
        machine.command(
            "apt-get",
            &format!(
                "echo \"$@\" >>{log}\ncase \"$*\" in *libvulkan1*)\n  echo '#!/bin/sh\necho libvulkan.so.1' >{bin}/ldconfig;;\nesac",
                log = machine.dir.path().join("apt.log").display(),
                bin = bin.display()
            ),
        );
        let drivers = machine.dir.path().join("share/vulkan/icd.d");
        fs::create_dir_all(&drivers).expect("a folder");
        fs::write(drivers.join("lvp_icd.x86_64.json"), "{}").expect("a file");
        machine
    }

    fn command(&self, name: &str, body: &str) {
        let bin = self.dir.path().join("bin");
        fs::create_dir_all(&bin).expect("a folder");
        let path = bin.join(name);
        // A stand-in must not find itself on PATH, so all begin with an absolute shell.
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.dir.path().join("bin").join(name)).expect("the stand-in");
    }

    fn setup(&self) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root").join(".ci/setup.sh");
        Command::new("/bin/bash")
            .arg(script)
            .env_clear()
            .env("PATH", self.dir.path().join("bin"))
            .env("XDG_DATA_DIRS", self.dir.path().join("share"))
            .output()
            .expect("bash runs")
    }

    /// What apt-get was asked, a line a call.
    fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(self.dir.path().join("apt.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn where_nothing_is_missing_nothing_is_said_or_asked() {
    let machine = Machine::new();
    let output = machine.setup();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    assert!(machine.asked().is_empty());
}

#[test]
fn root_installs_what_is_missing_and_only_that() {
    let machine = Machine::new();
    machine.command("ldconfig", "exit 0");
    let output = machine.setup();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(machine.asked(), ["update -q", "install -q -y --no-install-recommends libvulkan1"]);
    assert_eq!(text(&output.stdout), "setup: installing libvulkan1\n");
    assert!(machine.setup().stdout.is_empty());
    assert_eq!(machine.asked().len(), 2);
}

#[test]
fn without_root_and_sudo_one_line_names_the_packages() {
    let machine = Machine::new();
    machine.command("id", "echo 1000");
    machine.command("ldconfig", "exit 0");
    machine.command("python3", "exit 1");
    machine.remove("cc");
    machine.remove("c++");
    fs::remove_dir_all(machine.dir.path().join("share")).expect("the drivers");
    let output = machine.setup();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.ends_with("apt-get install gcc libc6-dev g++ python3-pip libvulkan1 mesa-vulkan-drivers\n"), "{said}");
    assert!(machine.asked().is_empty());
}

#[test]
fn sudo_without_a_password_is_used() {
    let machine = Machine::new();
    machine.command("id", "echo 1000");
    machine.command("ldconfig", "exit 0");
    machine.command("sudo", "shift\nexec \"$@\"");
    machine.command("true", "exit 0");
    let output = machine.setup();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(machine.asked().len(), 2);
}

#[test]
fn what_apt_cannot_bring_is_said() {
    let machine = Machine::new();
    machine.remove("cc");
    // apt-get says yes, but no compiler appears.
    let output = machine.setup();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("installed, but still not found: gcc"), "{output:?}");
    machine.command("apt-get", "exit 100");
    let output = machine.setup();
    assert!(text(&output.stderr).contains("apt-get failed; missing system packages: gcc"), "{output:?}");
    machine.remove("cargo");
    assert!(text(&machine.setup().stderr).starts_with("setup: cargo was not found; install Rust 1.95.0"));
}
