//! `lane-stack gallery`: its exit codes, and what it promises when it is killed, when the disk is full, when two want it.
use lane_stack::gallery::{
    Asked, Clock, Desk, Entropy, Gallery, GalleryError, MasterKey, ModelId, OperatingPoint, OsEntropy, Policy,
    ReferenceKind, References as _, Retention, Scores, Store, Template, UnixTime, Wanted, cosine,
};
use lane_stack::{InProcessStack, select};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

const BIN: &str = env!("CARGO_BIN_EXE_lane-stack");
const DIMENSION: usize = 24;

/// A small generator (SplitMix64), so that a failure can be had again.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for Draw {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), GalleryError> {
        bytes.iter_mut().for_each(|b| *b = self.next() as u8);
        Ok(())
    }
}

/// A folder with a key file and a gallery that keeps passports for a day.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder };
        let key = MasterKey::generate(&mut Draw(1)).unwrap();
        key.write_new(&place.path("key")).unwrap();
        let asked = Asked { by: "test", at: UnixTime(1) };
        Store::create(&place.path("g.db"), &key, Box::new(Draw(2)), &model(), &asked).unwrap();
        let rule = Retention { kind: ReferenceKind::Passport, class: "*".into(), hours: 24.0 };
        place.store().set_policy(&asked, Policy { retain: vec![rule] }).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self) -> Store {
        let key = MasterKey::from_file(&self.path("key")).unwrap();
        Store::open(&self.path("g.db"), key, Box::new(OsEntropy)).unwrap()
    }

    fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(BIN);
        command.env_remove("LANE_STACK_MASTER_KEY").env_remove("ORT_DYLIB_PATH").current_dir(self.folder.path());
        command.args(["gallery", subcommand, "g.db", "--key-file", "key"]);
        command
    }

    fn run(&self, subcommand: &str, args: &[&str]) -> (Option<i32>, String) {
        told(self.command(subcommand).args(args).output().unwrap())
    }
}

/// Exit code, and all that was printed.
fn told(output: Output) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = output;
    let text = [String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)].concat();
    assert!(!text.contains("panicked"), "{text}");
    (status.code(), text)
}

fn model() -> ModelId {
    ModelId { name: "tester".into(), sha256: "0f".repeat(32), dimension: DIMENSION }
}

fn embedding(draw: &mut Draw) -> Vec<f32> {
    (0..DIMENSION).map(|_| (draw.next() % 2001) as f32 - 1000.0).collect()
}

fn line(reference_id: &str, embedding: &[f32]) -> String {
    serde_json::json!({
        "reference_id": reference_id, "kind": "passport", "class": "citizen", "model": model(), "embedding": embedding,
    })
    .to_string()
}

/// Whether the gallery holds exactly these templates.
fn holds(store: &mut Store, expected: &BTreeMap<String, Vec<f32>>) -> bool {
    let asked = Asked { by: "test", at: UnixTime(2) };
    let probes: Vec<&[f32]> = expected.values().map(Vec::as_slice).collect();
    let found = store.search(&asked, &probes).unwrap();
    store.len() == expected.len()
        && expected.iter().zip(found).all(|((id, values), found)| {
            let best = &found[0].candidate;
            best.reference_id == *id && best.similarity == cosine(values, values)
        })
}

/// Killed at any moment of enrolling (half of it replaces earlier pictures, which erases these and wipes the log), a
/// gallery holds what was acknowledged, and perhaps the one request more that was under way, whole.
#[test]
fn a_killed_enrolment_loses_nothing_acknowledged_and_leaves_nothing_half() {
    let place = Place::new();
    let mut draw = Draw(20_261_128);
    let mut state = BTreeMap::<String, Vec<f32>>::new();
    let (mut cut_short, mut one_more) = (0, 0);
    for round in 0..12u32 {
        let batch = [1usize, 1, 7][round as usize % 3];
        // So many that a fast machine is far from done when the kill comes.
        let mut sent: Vec<(String, Vec<f32>)> =
            (0..1500).map(|_| (format!("P{:03}", draw.next() % 150), embedding(&mut draw))).collect();
        // No batch may name a person twice.
        for chunk in sent.chunks_mut(batch) {
            chunk.iter_mut().enumerate().for_each(|(i, (id, _))| id.push(char::from(b'a' + i as u8)));
        }
        let mut child = place
            .command("enrol")
            .args(["--templates", "-", "--batch", &batch.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let lines: Vec<String> = sent.iter().map(|(id, values)| line(id, values) + "\n").collect();
        // The pipe breaks when the child dies.
        let writer = std::thread::spawn(move || lines.iter().try_for_each(|l| input.write_all(l.as_bytes())).ok());
        let acknowledgements = BufReader::new(child.stdout.take().unwrap());
        let (last, wait) = (draw.next() % 60, draw.next() % 3_000_000);
        let mut acknowledged = 0;
        let mut lines = acknowledgements.lines();
        while acknowledged < last && lines.next().is_some_and(|l| l.unwrap().starts_with("enrolled ")) {
            acknowledged += 1;
        }
        (0..wait).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        acknowledged += lines.map_while(Result::ok).filter(|l| l.starts_with("enrolled ")).count() as u64;
        child.wait().unwrap();
        writer.join().unwrap();
        cut_short += u32::from(acknowledged < sent.len() as u64);
        // Acknowledgements of a batch may be cut themselves.
        let fewest = (acknowledged as usize).next_multiple_of(batch).min(sent.len());
        let mut store = place.store();
        let fold = |state: &mut BTreeMap<String, Vec<f32>>, range: std::ops::Range<usize>| {
            for (id, values) in &sent[range] {
                let template = Template::normalised(model(), values.clone()).unwrap();
                state.insert(id.clone(), template.values().to_vec());
            }
        };
        fold(&mut state, 0..fewest);
        if !holds(&mut store, &state) {
            fold(&mut state, fewest..(fewest + batch).min(sent.len()));
            assert!(holds(&mut store, &state), "round {round}: {acknowledged} were acknowledged");
            one_more += 1;
        }
        drop(store);
        let (code, text) = place.run("verify", &[]);
        assert_eq!(code, Some(0), "{text}");
    }
    eprintln!("{cut_short} of 12 enrolments were cut short, {one_more} between commit and acknowledgement");
    assert!(cut_short > 8, "{cut_short}: the kills come too late to test anything");
}

#[test]
fn a_killed_rotation_leaves_one_key_that_opens_all() {
    let place = Place::new();
    let mut draw = Draw(7);
    let lines: Vec<String> = (0..3000).map(|i| line(&format!("P{i}"), &embedding(&mut draw))).collect();
    std::fs::write(place.path("lines"), lines.join("\n")).unwrap();
    let (code, text) = place.run("enrol", &["--templates", "lines", "--batch", "1000"]);
    assert_eq!(code, Some(0), "{text}");
    let (mut current, mut rotated) = ("key".to_string(), 0);
    for round in 0..10 {
        let next = format!("key{round}");
        MasterKey::generate(&mut draw).unwrap().write_new(&place.path(&next)).unwrap();
        let mut command = Command::new(BIN);
        command.args(["gallery", "rotate-key", "g.db", "--key-file", &current, "--new-key-file", &next]);
        let mut child = command.current_dir(place.folder.path()).stdout(Stdio::null()).spawn().unwrap();
        // From well before its end to well after.
        (0..draw.next() % 12_000_000).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        let opens = |name: &str| {
            let key = MasterKey::from_file(&place.path(name)).unwrap();
            Store::open(&place.path("g.db"), key, Box::new(OsEntropy)).map(|store| store.len())
        };
        match (opens(&current), opens(&next)) {
            (Ok(3000), Err(GalleryError::Key(_))) => {}
            (Err(GalleryError::Key(_)), Ok(3000)) => (current, rotated) = (next, rotated + 1),
            other => panic!("round {round}: {other:?}"),
        }
    }
    eprintln!("{rotated} of 10 rotations were done before they were killed");
}

/// The system's limit on the size of files stands for a full disk.
#[test]
fn a_full_disk_is_9_and_loses_nothing_acknowledged() {
    let place = Place::new();
    let mut draw = Draw(3);
    let sent: Vec<(String, Vec<f32>)> = (0..3000).map(|i| (format!("P{i}"), embedding(&mut draw))).collect();
    let lines: Vec<String> = sent.iter().map(|(id, values)| line(id, values)).collect();
    std::fs::write(place.path("lines"), lines.join("\n")).unwrap();
    let script = "trap '' XFSZ; ulimit -f 400; exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", BIN, "gallery", "enrol", "g.db", "--key-file", "key", "--templates", "lines"]);
    let (code, text) = told(command.current_dir(place.folder.path()).output().unwrap());
    assert_eq!(code, Some(9), "{text}");
    let acknowledged = text.lines().filter(|l| l.starts_with("enrolled ")).count();
    assert!((10..2900).contains(&acknowledged), "{acknowledged}");
    let expected = sent[..acknowledged]
        .iter()
        .map(|(id, values)| (id.clone(), Template::normalised(model(), values.clone()).unwrap().values().to_vec()));
    assert!(holds(&mut place.store(), &expected.collect()));
    let (code, text) = place.run("verify", &[]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn the_exit_code_says_what_was_wrong() {
    let place = Place::new();
    let (code, text) = place.run("list", &[]);
    assert_eq!((code, text.as_str()), (Some(0), ""));
    // Missing file, missing key, key that others may read, another key.
    let gallery = |args: &[&str]| {
        let mut command = Command::new(BIN);
        command.env_remove("LANE_STACK_MASTER_KEY").current_dir(place.folder.path()).arg("gallery").args(args);
        told(command.output().unwrap())
    };
    assert_eq!(gallery(&["list", "absent.db", "--key-file", "key"]).0, Some(2));
    let (code, text) = gallery(&["list", "g.db"]);
    assert_eq!(code, Some(7));
    assert!(text.contains("LANE_STACK_MASTER_KEY"), "{text}");
    let mut command = Command::new(BIN);
    command.env("LANE_STACK_MASTER_KEY", std::fs::read_to_string(place.path("key")).unwrap());
    let (code, text) =
        told(command.current_dir(place.folder.path()).args(["gallery", "stats", "g.db"]).output().unwrap());
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(gallery(&["new-key", "other"]).0, Some(0));
    assert_eq!(gallery(&["new-key", "other"]).0, Some(2), "a key is not written over");
    let before = std::fs::read(place.path("g.db")).unwrap();
    let (code, text) = gallery(&["list", "g.db", "--key-file", "other"]);
    assert_eq!(code, Some(7), "{text}");
    assert!(text.contains("fingerprint") && text.lines().count() == 1, "{text}");
    assert_eq!(std::fs::read(place.path("g.db")).unwrap(), before);
    // Damage.
    std::fs::write(place.path("noise.db"), "no database at all, but long enough to be read ".repeat(100)).unwrap();
    for file in ["noise.db", "empty.db", "cut.db"] {
        if file != "noise.db" {
            std::fs::write(place.path(file), &before[..if file == "cut.db" { before.len() / 2 } else { 0 }]).unwrap();
        }
        for subcommand in ["list", "verify", "stats", "audit"] {
            let (code, text) = gallery(&[subcommand, file, "--key-file", "key"]);
            assert_eq!(code, Some(6), "{subcommand} {file}: {text}");
        }
    }
    // Two at once.
    let store = place.store();
    let (code, text) = place.run("stats", &[]);
    assert_eq!(code, Some(8), "{text}");
    assert!(text.contains("another process has it open"), "{text}");
    drop(store);
    // Refusals.
    let (code, text) = place.run("delete", &["nobody"]);
    assert_eq!(code, Some(10), "{text}");
    for (change, word, wanted) in [
        (["tester", "taster"], "made by model taster", 10),
        (["\"passport\"", "\"visa\""], "names no retention", 10),
        (["\"embedding\":[", "\"embedding\":[1,"], "25 values", 10),
        (["\"citizen\"", "\"Big Boss\""], "lower-case", 10),
        (["\"embedding\":[", "\"embedding\":[NaN,"], "lines:1:", 2),
        (["\"kind\"", "\"kin\""], "kin", 2),
    ] {
        let changed = line("A", &[1.0; DIMENSION]).replace(change[0], change[1]);
        std::fs::write(place.path("lines"), changed).unwrap();
        let (code, text) = place.run("enrol", &["--templates", "lines"]);
        assert_eq!(code, Some(wanted), "{change:?}: {text}");
        assert!(text.contains(word), "{text}");
    }
    std::fs::write(place.path("lines"), line("A", &[0.0; DIMENSION])).unwrap();
    let (code, text) = place.run("enrol", &["--templates", "lines"]);
    assert_eq!(code, Some(10));
    assert!(text.contains("no direction"), "{text}");
}

/// The whole way of an operator, with the models that come with the crate.
#[test]
fn from_a_new_key_to_an_audit() {
    let folder = tempfile::tempdir().unwrap();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let run = |args: &[&str]| {
        let mut command = Command::new(BIN);
        command.env_remove("LANE_STACK_MASTER_KEY").current_dir(folder.path()).arg("gallery").args(args);
        let (code, text) = told(command.output().unwrap());
        assert_eq!(code, Some(0), "{args:?}: {text}");
        text
    };
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let with_key = |args: &[&str]| run(&[args, &["--key-file", "key", "--by", "officer 7"]].concat());
    run(&["new-key", "key"]);
    write("policy.toml", "[[retain]]\nkind = \"residence-card\"\nclass = \"*\"\nhours = 12\n");
    let text = with_key(&["init", "g.db", "--models", models.to_str().unwrap(), "--policy", "policy.toml"]);
    let card = std::fs::read_to_string(models.join("laneproof-embedder.toml")).unwrap();
    let hash = card.lines().find_map(|line| line.strip_prefix("sha256 = \"")).expect("the card's hash");
    assert!(text.contains(&format!("laneproof-embedder (128-d, sha256 {})", &hash[..12])), "{text}");
    let stats: serde_json::Value = serde_json::from_str(&with_key(&["stats", "g.db", "--json"])).unwrap();
    let one = serde_json::json!({
        "reference_id": "R-1", "kind": "residence-card", "class": "resident", "model": stats["model"],
        "embedding": (0..128).map(|i| f64::from(i) - 60.0).collect::<Vec<_>>(),
    });
    write("one", &one.to_string());
    assert!(with_key(&["enrol", "g.db", "--templates", "one"]).starts_with("enrolled R-1 as residence-card until 20"));
    assert!(with_key(&["list", "g.db"]).starts_with("R-1  residence-card  resident  record 1  enrolled 20"));
    write("non-mated", &"0.25\n".repeat(3000));
    write("mated", "0.9\n0.8\n0.1\n");
    let scores = ["--non-mated", "non-mated", "--mated", "mated", "--source", "made up for this test"];
    let text = with_key(&[&["threshold", "g.db", "--fmr", "0.001"], &scores[..]].concat());
    assert!(text.starts_with("threshold 0.2500 for FMR 0.001: 0 of 3000 non-mated comparisons reach it"), "{text}");
    let output = Command::new(BIN)
        .args(["gallery", "threshold", "g.db", "--key-file", "key", "--fmr", "0.0001"])
        .args(scores)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (code, text) = told(output);
    assert_eq!(code, Some(10));
    assert!(text.contains("at least 29956 are needed"), "{text}");
    run(&["new-key", "key2"]);
    assert!(with_key(&["rotate-key", "g.db", "--new-key-file", "key2"]).starts_with("1 records are sealed under "));
    std::fs::rename(folder.path().join("key2"), folder.path().join("key")).unwrap();
    assert!(with_key(&["stats", "g.db"]).contains("residence-card of class resident: 1"));
    assert_eq!(with_key(&["expire", "g.db"]), "erased: 0\n");
    assert_eq!(with_key(&["delete", "g.db", "R-1"]), "erased: 1\n");
    assert_eq!(with_key(&["verify", "g.db"]), "nothing is wrong\n");
    let text = with_key(&["audit", "g.db"]);
    let actions = ["create", "set-policy", "enrol [1]", "list", "set-threshold", "rotate-key", "delete [1]"];
    for (line, action) in text.lines().zip(actions) {
        let (action, records) = action.split_once(' ').unwrap_or((action, "[]"));
        assert!(line.contains(&format!(" officer 7 {action} {records}")), "{line}");
    }
    assert!(text.lines().last().unwrap().starts_with("head: entry 7, "), "{text}");
}

/// A clock that stands.
struct Still(i64);

impl Clock for Still {
    fn now(&self) -> UnixTime {
        UnixTime(self.0)
    }
}

/// The stack decides alike with either gallery, by the store's threshold where it has one, and takes no other model's.
#[test]
fn a_stack_takes_a_store_in_the_place_of_its_list() {
    let Some(library) = std::env::var_os("ORT_DYLIB_PATH") else {
        eprintln!("SKIPPED: ORT_DYLIB_PATH is not set");
        return;
    };
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut stack = InProcessStack::open(select(&models, None).unwrap(), Some(Path::new(&library))).unwrap();
    let place = Place::new();
    let desk = |store| Desk::new(Arc::new(Mutex::new(store)), Arc::new(Still(5)), "lane 3");
    let error = stack.set_references(Box::new(desk(place.store()))).unwrap_err().to_string();
    assert!(error.contains("templates of different models cannot be compared"), "{error}");

    let asked = Asked { by: "test", at: UnixTime(1) };
    let key = || MasterKey::from_file(&place.path("key")).unwrap();
    Store::create(&place.path("own.db"), &key(), Box::new(Draw(4)), &stack.model(), &asked).unwrap();
    let own = desk(Store::open(&place.path("own.db"), key(), Box::new(Draw(5))).unwrap());
    let mut for_encounter = own.clone().enrolling(ReferenceKind::Visa, "citizen", Some("e-1"));
    let mut draw = Draw(6);
    let mut list = Gallery::default();
    let mut template = || {
        let values = (0..stack.model().dimension).map(|_| (draw.next() % 2001) as f32 - 1000.0).collect();
        Template::normalised(stack.model(), values).unwrap().values().to_vec()
    };
    for i in 0..30 {
        let values = template();
        list.put(&format!("P{i}"), values.clone());
        for_encounter.put(&format!("P{i}"), values).unwrap();
    }
    let probe = template();
    stack.set_references(Box::new(own.clone())).unwrap();
    let (candidates, matched) = stack.identify(&probe).unwrap();
    assert_eq!(candidates, list.search(&probe));
    assert_eq!(matched, None);
    let non_mated = vec![candidates[0].similarity.next_down(); 3000];
    let scores = Scores { non_mated: &non_mated, gallery_size: 1, mated: &[], source: "test" };
    let point = OperatingPoint::find(Wanted::Fmr { rate: 0.001 }, &scores).unwrap();
    own.ask(|store, asked| store.set_threshold(asked, point.clone())).unwrap();
    assert_eq!(stack.match_threshold(), candidates[0].similarity);
    assert_eq!(stack.identify(&probe).unwrap().1, Some(candidates[0].reference_id.clone()));
    assert_eq!(own.ask(|store, asked| store.forget(asked, "e-1")).unwrap(), 30);
    assert_eq!(stack.identify(&probe).unwrap(), (Vec::new(), None));
    let entries = own.ask(|store, _| store.audit()).unwrap();
    let last = entries.last().unwrap();
    assert_eq!((last.by.as_str(), last.action.name(), last.at), ("lane 3", "search", UnixTime(5)));
}
