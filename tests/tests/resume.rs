//! A run that was broken off goes on with `--resume` and comes to the same bytes as one that was not.
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    thread::sleep,
    time::Duration,
};

use laneproof_scenarios::exit;
use laneproof_tests::{acceptance_models, default_models, program, skipped};
use tempfile::TempDir;

/// What a run comes to.
const RESULTS: [&str; 3] = ["occupants.parquet", "exposures.parquet", "summary.json"];
/// Longer than any machine takes for one encounter: a run that shows none after this hangs.
const PATIENCE: Duration = Duration::from_secs(300);

fn models() -> Option<PathBuf> {
    acceptance_models().or_else(default_models)
}

const NO_MODELS: &str = "a run needs models: LANEPROOF_ACCEPTANCE_MODELS is not set and lane-stack/models is empty";

/// A folder with the demo's first two encounters as a scenario.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let demo = fs::read_to_string(program::root().join("scenarios/first-light.toml")).expect("the demo");
    assert!(demo.contains("encounters = 12"));
    let scenario = demo.replace("encounters = 12", "encounters = 2");
    fs::write(folder.path().join("scenario.toml"), scenario).expect("write");
    folder
}

fn run(folder: &Path, models: &Path, out: &Path) -> Command {
    let mut command = program::command(["run", "scenario.toml", "--models"]);
    command.arg(models).arg("--out").arg(out).current_dir(folder);
    command
}

fn finish(mut command: Command) -> String {
    let (code, stdout, stderr) = program::run(&mut command);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    stdout
}

/// Goes on with a broken run and compares what it comes to with an unbroken one, which is made once.
fn resume_and_compare(folder: &Path, models: &Path, broken: &Path) {
    static UNBROKEN: OnceLock<TempDir> = OnceLock::new();
    let mut resumed = run(folder, models, broken);
    resumed.arg("--resume");
    finish(resumed);
    let unbroken = UNBROKEN.get_or_init(|| {
        let folder = self::folder();
        finish(run(folder.path(), models, &folder.path().join("run")));
        folder
    });
    for name in RESULTS {
        let [unbroken, broken] = [&unbroken.path().join("run"), broken].map(|run| {
            let path = run.join(name);
            fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        });
        assert!(unbroken == broken, "{name} differs between the unbroken and the resumed run");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "another process has no way to tell when it is half-way")]
fn a_killed_run_resumes_to_the_same_ledger() {
    let Some(models) = models() else { return skipped(1, NO_MODELS) };
    let folder = folder();
    let broken = folder.path().join("broken");

    let mut command = run(folder.path(), &models, &broken);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let [first, second] = ["0000", "0001"].map(|k| broken.join(format!("encounters/{k}.json")));
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    while !first.is_file() {
        assert!(waited < PATIENCE && child.try_wait().expect("its state").is_none(), "no encounter was done");
        sleep(step);
        waited += step;
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
    assert!(!second.exists() && !broken.join("summary.json").exists(), "killed too late to show anything");
    let kept = fs::read(&first).expect("the first encounter");

    resume_and_compare(folder.path(), &models, &broken);
    assert_eq!(fs::read(&first).expect("the first encounter"), kept, "what was done was done again");
}

/// A file system in memory with a stated size, as long as its value lives.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where this user may not mount.
    fn new(mebibytes: u32) -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        Self::mount(folder.path(), &format!("size={mebibytes}m")).then_some(Self(folder))
    }

    fn mount(at: &Path, options: &str) -> bool {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "laneproof-test"]).arg(at).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0.path()).status().ok();
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let Some(models) = models() else { return skipped(1, NO_MODELS) };
    // Room for the portraits and some frames of the first encounter.
    let Some(disk) = SmallDisk::new(1) else { return skipped(1, "mounting a small disk takes root") };
    let folder = folder();
    let broken = disk.0.path().join("run");

    let (code, stdout, stderr) = program::run(&mut run(folder.path(), &models, &broken));
    assert_eq!(code, i32::from(exit::IO), "{stdout}\n{stderr}");
    for part in ["No space left on device", "make room", "--resume"] {
        assert!(stderr.contains(part), "{part:?} is not in: {stderr}");
    }
    assert!(broken.join("portraits").is_dir() && !broken.join("summary.json").exists());

    assert!(SmallDisk::mount(disk.0.path(), "remount,size=200m"), "a larger disk");
    resume_and_compare(folder.path(), &models, &broken);
}
