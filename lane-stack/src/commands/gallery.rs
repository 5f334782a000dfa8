//! `lane-stack gallery`: the references on disk.
use super::{Failure, ModelArgs, open as open_stack, print, read_picture};
use clap::{Args, Subcommand};
use lane_stack::gallery::{
    Asked, Clock as _, Enrolment, GalleryError, Kept, MASTER_KEY_VARIABLE, MasterKey, ModelId, OperatingPoint,
    OsEntropy, Policy, Reference, ReferenceKind, Scores, Store, SystemClock, Template, Wanted, hex,
};
use lane_stack::{SetupError, exit, select};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::io::BufRead;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum GalleryCommand {
    /// Draws a master key and writes it to a new file that only its owner may read.
    NewKey {
        /// File to write.
        file: PathBuf,
    },
    /// Makes an empty gallery for the templates of the embedder that a models directory selects.
    Init {
        #[command(flatten)]
        gallery: GalleryArgs,
        #[command(flatten)]
        models: ModelArgs,
        /// What is kept, and how long; without one, nothing is.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Enrols pictures, or templates made elsewhere; prints a line for each once it is on the disk.
    Enrol(EnrolArgs),
    /// Lists the references.
    List {
        #[command(flatten)]
        gallery: GalleryArgs,
        /// Prints one JSON object a reference.
        #[arg(long)]
        json: bool,
    },
    /// Erases the references of a person.
    Delete {
        #[command(flatten)]
        gallery: GalleryArgs,
        /// Reference id.
        reference_id: String,
        /// Those of this kind alone.
        #[arg(long, value_parser = kind)]
        kind: Option<ReferenceKind>,
    },
    /// Erases what is past its time.
    Expire {
        #[command(flatten)]
        gallery: GalleryArgs,
    },
    /// Shows the policy, or replaces it and erases what the new one does not keep.
    Policy {
        #[command(flatten)]
        gallery: GalleryArgs,
        /// TOML file: [[retain]] with kind, class and hours.
        file: Option<PathBuf>,
    },
    /// Finds the threshold for a wanted rate of false positives and stores it with its evidence, or refuses.
    Threshold(ThresholdArgs),
    /// Seals the gallery under another master key.
    RotateKey {
        #[command(flatten)]
        gallery: GalleryArgs,
        /// The new master key's file.
        #[arg(long, value_name = "FILE")]
        new_key_file: PathBuf,
    },
    /// Prints what the gallery holds, in numbers.
    Stats {
        #[command(flatten)]
        gallery: GalleryArgs,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Checks structure, every record and the audit log, and prints all that is wrong; changes nothing.
    Verify {
        #[command(flatten)]
        gallery: GalleryArgs,
    },
    /// Prints the audit log and its head: note the head elsewhere, and no later cut goes unseen.
    Audit {
        #[command(flatten)]
        gallery: GalleryArgs,
        /// Prints one JSON object an entry.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct GalleryArgs {
    /// Database file.
    database: PathBuf,
    /// File with the master key, 64 hexadecimal digits; without one, the environment variable LANE_STACK_MASTER_KEY.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Who asks, for the audit log.
    #[arg(long, value_name = "NAME", default_value = "command line")]
    by: String,
}

#[derive(Debug, Args)]
pub struct EnrolArgs {
    #[command(flatten)]
    gallery: GalleryArgs,
    /// JPEG or PNG files, each named after its person.
    #[arg(required_unless_present = "templates", conflicts_with = "templates", requires = "models")]
    pictures: Vec<PathBuf>,
    /// Models directory for pictures.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// What the pictures are: passport, visa, residence-card, encounter.
    #[arg(long, value_parser = kind, default_value = "passport", conflicts_with = "templates")]
    kind: ReferenceKind,
    /// Class of traveller.
    #[arg(long, default_value = "traveller", conflicts_with = "templates")]
    class: String,
    /// File of templates, one JSON object a line: reference_id, kind, class, model (name, sha256, dimension),
    /// embedding. `-` is standard input.
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
    /// Templates that are enrolled together, all or none.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
}

#[derive(Debug, Args)]
pub struct ThresholdArgs {
    #[command(flatten)]
    gallery: GalleryArgs,
    /// Wanted false match rate of a comparison.
    #[arg(long, required_unless_present = "fpir", conflicts_with = "fpir")]
    fmr: Option<f64>,
    /// Wanted false positive identification rate of a search.
    #[arg(long, requires = "gallery_size")]
    fpir: Option<f64>,
    /// References the rate of searches is for.
    #[arg(long, value_name = "N")]
    gallery_size: Option<u64>,
    /// Scores of non-mated comparisons, one a line.
    #[arg(long, value_name = "FILE")]
    non_mated: PathBuf,
    /// The non-mated scores are the best of searches among so many references each.
    #[arg(long, value_name = "N", default_value_t = 1)]
    searches_among: u64,
    /// Scores of mated comparisons, one a line.
    #[arg(long, value_name = "FILE")]
    mated: Option<PathBuf>,
    /// Where the scores come from: pictures, how many people, date.
    #[arg(long)]
    source: String,
    /// Prints it and stores nothing.
    #[arg(long)]
    dry_run: bool,
}

impl From<GalleryError> for Failure {
    fn from(error: GalleryError) -> Self {
        Self { message: error.to_string(), exit_code: error.exit_code() }
    }
}

fn kind(name: &str) -> Result<ReferenceKind, String> {
    ReferenceKind::named(name).ok_or_else(|| {
        let names = ReferenceKind::ALL.map(ReferenceKind::name);
        format!("no kind of picture is called so; there are {}", names.join(", "))
    })
}

impl GalleryArgs {
    fn key(&self) -> Result<MasterKey, GalleryError> {
        match &self.key_file {
            Some(path) => MasterKey::from_file(path),
            None => MasterKey::from_environment(MASTER_KEY_VARIABLE),
        }
    }

    fn open(&self) -> Result<Store, GalleryError> {
        Store::open(&self.database, self.key()?, Box::new(OsEntropy))
    }

    fn asked(&self) -> Asked<'_> {
        Asked { by: &self.by, at: SystemClock.now() }
    }
}

/// Runs a command.
pub fn run(command: &GalleryCommand) -> Result<(), Failure> {
    match command {
        GalleryCommand::NewKey { file } => {
            let key = MasterKey::generate(&mut OsEntropy)?;
            key.write_new(file)?;
            print(&format!("{}: a new master key, fingerprint {}", file.display(), hex(&key.fingerprint())))
        }
        GalleryCommand::Init { gallery, models, policy } => init(gallery, models, policy.as_deref()),
        GalleryCommand::Enrol(args) => enrol(args),
        GalleryCommand::List { gallery, json } => list(gallery, *json),
        GalleryCommand::Delete { gallery, reference_id, kind } => {
            let mut store = gallery.open()?;
            let count = store.delete(&gallery.asked(), reference_id, *kind)?;
            store.close()?;
            print(&format!("erased: {count}"))
        }
        GalleryCommand::Expire { gallery } => {
            let mut store = gallery.open()?;
            let count = store.expire(&gallery.asked())?;
            store.close()?;
            print(&format!("erased: {count}"))
        }
        GalleryCommand::Policy { gallery, file } => policy(gallery, file.as_deref()),
        GalleryCommand::Threshold(args) => threshold(args),
        GalleryCommand::RotateKey { gallery, new_key_file } => {
            let mut store = gallery.open()?;
            let new = MasterKey::from_file(new_key_file)?;
            let fingerprint = hex(&new.fingerprint());
            let count = store.rotate_key(&gallery.asked(), new)?;
            store.close()?;
            print(&format!(
                "{count} records are sealed under {fingerprint} now; destroy the old key, and older copies of the gallery \
                 cannot be read either"
            ))
        }
        GalleryCommand::Stats { gallery, json } => stats(gallery, *json),
        GalleryCommand::Verify { gallery } => {
            let findings = Store::verify(&gallery.database, &gallery.key()?)?;
            findings.iter().try_for_each(|finding| print(finding))?;
            if findings.is_empty() {
                return print("nothing is wrong");
            }
            let message =
                format!("gallery {}: {} wrong; restore it from a copy", gallery.database.display(), findings.len());
            Err(Failure { message, exit_code: exit::GALLERY })
        }
        GalleryCommand::Audit { gallery, json } => audit(gallery, *json),
    }
}

fn init(gallery: &GalleryArgs, models: &ModelArgs, policy: Option<&Path>) -> Result<(), Failure> {
    let policy = policy.map(Policy::read).transpose()?;
    let selection = select(&models.dir, models.stack_config.as_deref())?;
    let file = selection.models.join(&selection.embedder.about.file);
    let bytes = std::fs::read(&file).map_err(|e| SetupError::File { path: file, reason: e.to_string() })?;
    let model = ModelId::new(&selection.embedder, &hex(&Sha256::digest(bytes)));
    Store::create(&gallery.database, &gallery.key()?, Box::new(OsEntropy), &model, &gallery.asked())?;
    if let Some(policy) = policy {
        let mut store = gallery.open()?;
        store.set_policy(&gallery.asked(), policy)?;
        store.close()?;
    }
    print(&format!("{}: an empty gallery for {model}", gallery.database.display()))
}

/// A line of a file of templates.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateLine {
    reference_id: String,
    kind: ReferenceKind,
    class: String,
    model: ModelId,
    embedding: Vec<f32>,
}

fn enrol(args: &EnrolArgs) -> Result<(), Failure> {
    let mut store = args.gallery.open()?;
    if let Some(path) = &args.templates {
        if path == Path::new("-") {
            enrol_templates(&mut store, args, path, std::io::stdin().lock())?;
        } else {
            let file = std::fs::File::open(path).map_err(|e| unreadable(path, &e))?;
            enrol_templates(&mut store, args, path, std::io::BufReader::new(file))?;
        }
    } else if let Some(dir) = &args.models {
        let mut stack = open_stack(&ModelArgs { dir: dir.clone(), stack_config: None })?;
        for path in &args.pictures {
            let Some(values) = stack.template(&read_picture(path)?)? else {
                let message = format!("{}: no face is found in the picture", path.display());
                return Err(Failure { message, exit_code: exit::PICTURE });
            };
            let enrolment = Enrolment {
                reference_id: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                kind: args.kind,
                class: args.class.clone(),
                encounter: None,
            };
            let template = Template::new(stack.model(), values)?;
            enrol_together(&mut store, args, &mut vec![(enrolment, template)])?;
        }
    }
    Ok(store.close()?)
}

fn enrol_templates(store: &mut Store, args: &EnrolArgs, path: &Path, lines: impl BufRead) -> Result<(), Failure> {
    let mut together = Vec::new();
    for (index, line) in lines.lines().enumerate() {
        let line = line.map_err(|e| unreadable(path, &e))?;
        if line.trim().is_empty() {
            continue;
        }
        let place = |message: String, exit_code| Failure {
            message: format!("{}:{}: {message}", path.display(), index + 1),
            exit_code,
        };
        let line: TemplateLine = serde_json::from_str(&line).map_err(|e| place(e.to_string(), exit::USAGE))?;
        let TemplateLine { reference_id, kind, class, model, embedding } = line;
        let template = Template::normalised(model, embedding).map_err(|e| place(e.to_string(), e.exit_code()))?;
        together.push((Enrolment { reference_id, kind, class, encounter: None }, template));
        if together.len() == args.batch as usize {
            enrol_together(store, args, &mut together)?;
        }
    }
    if together.is_empty() { Ok(()) } else { enrol_together(store, args, &mut together) }
}

fn enrol_together(store: &mut Store, args: &EnrolArgs, new: &mut Vec<(Enrolment, Template)>) -> Result<(), Failure> {
    let kept = store.enrol(&args.gallery.asked(), new)?;
    for ((enrolment, _), kept) in new.drain(..).zip(kept) {
        print(&format!("enrolled {} as {} {}", enrolment.reference_id, enrolment.kind, lifetime(kept)))?;
    }
    Ok(())
}

fn lifetime(kept: Kept) -> String {
    match kept {
        Kept::UntilDecision => "until its encounter is decided".to_string(),
        Kept::Until(end) => format!("until {end}"),
    }
}

fn list(gallery: &GalleryArgs, json: bool) -> Result<(), Failure> {
    let mut store = gallery.open()?;
    let all = store.list(&gallery.asked())?;
    store.close()?;
    for Reference { record, reference_id, kind, class, enrolled, kept } in all {
        if json {
            let expires = match kept {
                Kept::UntilDecision => None,
                Kept::Until(end) => Some(end.to_string()),
            };
            let line = serde_json::json!({
                "record": record,
                "reference_id": reference_id,
                "kind": kind,
                "class": class,
                "enrolled": enrolled.to_string(),
                "expires": expires,
            });
            print(&line.to_string())?;
        } else {
            print(&format!(
                "{reference_id}  {kind}  {class}  record {record}  enrolled {enrolled}, {}",
                lifetime(kept)
            ))?;
        }
    }
    Ok(())
}

fn policy(gallery: &GalleryArgs, file: Option<&Path>) -> Result<(), Failure> {
    let new = file.map(Policy::read).transpose()?;
    let mut store = gallery.open()?;
    if let Some(new) = new {
        let count = store.set_policy(&gallery.asked(), new)?;
        print(&format!("erased: {count}"))?;
    }
    let policy = store.policy().clone();
    store.close()?;
    if policy.retain.is_empty() {
        print("nothing outlives the decision")?;
    }
    for rule in policy.retain {
        print(&format!("{} of class {}: {} hours", rule.kind, rule.class, rule.hours))?;
    }
    Ok(())
}

fn threshold(args: &ThresholdArgs) -> Result<(), Failure> {
    let wanted = match (args.fmr, args.fpir, args.gallery_size) {
        (Some(rate), ..) => Wanted::Fmr { rate },
        (None, Some(rate), Some(gallery_size)) => Wanted::Fpir { rate, gallery_size },
        _ => {
            let message = "one of --fmr, or --fpir with --gallery-size, is needed".to_string();
            return Err(Failure { message, exit_code: exit::USAGE });
        }
    };
    let non_mated = read_scores(&args.non_mated)?;
    let mated = args.mated.as_deref().map(read_scores).transpose()?.unwrap_or_default();
    let gallery_size = args.searches_among;
    let scores = Scores { non_mated: &non_mated, gallery_size, mated: &mated, source: &args.source };
    let point = OperatingPoint::find(wanted, &scores)?;
    if !args.dry_run {
        let mut store = args.gallery.open()?;
        store.set_threshold(&args.gallery.asked(), point.clone())?;
        store.close()?;
    }
    print(&format!("threshold {point}"))
}

fn read_scores(path: &Path) -> Result<Vec<f32>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parse = |(index, line): (usize, &str)| {
        line.trim().parse().map_err(|_| Failure {
            message: format!("{}:{}: \"{line}\" is no number; write one score a line", path.display(), index + 1),
            exit_code: exit::USAGE,
        })
    };
    numbered.map(parse).collect()
}

fn stats(gallery: &GalleryArgs, json: bool) -> Result<(), Failure> {
    let store = gallery.open()?;
    let stats = store.stats(SystemClock.now())?;
    store.close()?;
    if json {
        // A command's own process holds none for a decision.
        let references = stats.references.iter().map(
            |((kind, class), [on_disk, _])| serde_json::json!({ "kind": kind, "class": class, "on_disk": on_disk }),
        );
        let references: Vec<serde_json::Value> = references.collect();
        let threshold = stats.threshold.map(|(point, holds)| serde_json::json!({ "point": point, "holds": holds }));
        let line = serde_json::json!({
            "model": stats.model,
            "master_key": stats.master_key,
            "references": references,
            "expired": stats.expired,
            "threshold": threshold,
            "file_bytes": stats.file_bytes,
        });
        return print(&line.to_string());
    }
    print(&format!("templates of {}", stats.model))?;
    print(&format!("sealed under the master key with fingerprint {}", stats.master_key))?;
    for ((kind, class), [on_disk, _]) in &stats.references {
        print(&format!("{kind} of class {class}: {on_disk}"))?;
    }
    print(&format!("past their time: {}", stats.expired))?;
    print(&match stats.threshold {
        None => "threshold: the embedder card's".to_string(),
        Some((point, true)) => format!("threshold {point}"),
        Some((point, false)) => format!("threshold {point}; the gallery is larger now: measure again"),
    })?;
    print(&format!("file: {} bytes", stats.file_bytes))
}

fn audit(gallery: &GalleryArgs, json: bool) -> Result<(), Failure> {
    let store = gallery.open()?;
    let entries = store.audit()?;
    store.close()?;
    for e in &entries {
        if json {
            let line = serde_json::json!({
                "sequence": e.sequence,
                "at": e.at.to_string(),
                "by": e.by,
                "action": e.action.name(),
                "records": e.records,
                "detail": e.detail,
                "mac": hex(&e.mac),
            });
            print(&line.to_string())?;
        } else {
            let records: Vec<String> = e.records.iter().map(i64::to_string).collect();
            print(&format!("{} {} {} {} [{}] {}", e.sequence, e.at, e.by, e.action, records.join(" "), e.detail))?;
        }
    }
    match entries.last() {
        Some(last) if !json => print(&format!("head: entry {}, {}", last.sequence, hex(&last.mac))),
        _ => Ok(()),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure { message: format!("{}: {error}", path.display()), exit_code: exit::USAGE }
}
