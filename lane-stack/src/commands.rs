//! The commands of the `lane-stack` program.
mod fillers;
mod gallery;

use clap::{Args, Parser, Subcommand};
use lane_stack::card::{Card, InputSize};
use lane_stack::client::{Frame, FrameEncoding, StackClient as _, StackError};
use lane_stack::picture::Picture;
use lane_stack::quality::components;
use lane_stack::service::{self, config::ServiceConfig, openapi};
use lane_stack::{InProcessStack, SetupError, exit, models, select};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Finds, measures and matches the faces of pictures with the models of a directory.
#[derive(Debug, Parser)]
#[command(
    name = "lane-stack",
    version,
    after_help = "Exit codes: 0 done, 2 wrong usage or unreadable input, \
    3 bad card, configuration or model, 4 ONNX Runtime missing (set ORT_DYLIB_PATH), 5 picture that cannot be decoded \
    or shows no face where one is needed, 6 gallery damaged or of another version, 7 master key missing or wrong, \
    8 gallery open in another process, 9 disk full or failed, 10 refused by the gallery, \
    11 address that cannot be listened on, 12 service stopped before every open encounter was closed."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the faces of each picture with their quality.
    Look {
        /// JPEG or PNG files.
        #[arg(required = true)]
        pictures: Vec<PathBuf>,
        #[command(flatten)]
        models: ModelArgs,
        /// Prints one JSON object a picture.
        #[arg(long)]
        json: bool,
    },
    /// Enrols every picture of a folder by its file name, and finds the faces of the probes among them.
    Match {
        /// JPEG or PNG files to look for.
        #[arg(required = true)]
        probes: Vec<PathBuf>,
        /// Folder of reference pictures, one person each.
        #[arg(long)]
        gallery: PathBuf,
        #[command(flatten)]
        models: ModelArgs,
        /// Prints one JSON object a probe.
        #[arg(long)]
        json: bool,
    },
    /// Serves the stack over HTTP until SIGTERM or SIGINT. Prints its URL when it is ready.
    Serve {
        /// Configuration; the page of the module lane_stack::service::config describes it.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Prints the description of the HTTP API (OpenAPI 3.1).
    Openapi,
    /// Lists the cards a models directory offers, and the pair that would be used.
    Cards {
        #[command(flatten)]
        models: ModelArgs,
    },
    /// Makes the templates that a gallery is filled up with when the stack is measured.
    Fillers(fillers::FillersArgs),
    /// Keeps references on disk, encrypted: see `lane-stack gallery --help`.
    #[command(subcommand)]
    Gallery(gallery::GalleryCommand),
}

#[derive(Debug, Args)]
struct ModelArgs {
    /// Models directory: a stack.toml, or model files with their cards.
    #[arg(long = "models", value_name = "DIR")]
    dir: PathBuf,
    /// Configuration to use in place of the directory's stack.toml.
    #[arg(long, value_name = "FILE")]
    stack_config: Option<PathBuf>,
}

/// Why a command did not finish.
pub struct Failure {
    /// For people.
    pub message: String,
    /// For scripts.
    pub exit_code: u8,
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        Self { message: error.to_string(), exit_code: error.exit_code() }
    }
}

impl From<StackError> for Failure {
    fn from(error: StackError) -> Self {
        let exit_code = match &error {
            StackError::Undecodable { .. } | StackError::Enrolment { .. } => exit::PICTURE,
            StackError::Model { .. } => exit::MODEL,
            StackError::Gallery(error) => error.exit_code(),
            StackError::Protocol(_) | StackError::Unreachable { .. } | StackError::Refused { .. } => exit::USAGE,
        };
        Self { message: error.to_string(), exit_code }
    }
}

/// Runs a command.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Look { pictures, models, json } => look(pictures, models, *json),
        Command::Match { probes, gallery, models, json } => match_probes(probes, gallery, models, *json),
        Command::Serve { config } => serve(config),
        Command::Openapi => print(openapi::text().trim_end()),
        Command::Cards { models } => cards(models),
        Command::Fillers(args) => fillers::run(args),
        Command::Gallery(command) => gallery::run(command),
    }
}

/// Prints a line; a reader that has gone away ends the program quietly, as it should in a pipe.
fn print(line: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{line}")
        .map_err(|e| Failure { message: format!("standard output: {e}"), exit_code: exit::USAGE })
}

fn serve(config: &Path) -> Result<(), Failure> {
    let config = ServiceConfig::read(config)?;
    let ready = |url: &str| {
        // A reader that has gone away is no reason not to serve.
        print(&format!("listening on {url}")).ok();
    };
    service::run(config, ready).map_err(|e| Failure { exit_code: e.exit_code(), message: e.to_string() })
}

fn open(args: &ModelArgs) -> Result<InProcessStack, Failure> {
    Ok(InProcessStack::open(select(&args.dir, args.stack_config.as_deref())?, None)?)
}

fn read_picture(path: &Path) -> Result<Picture, Failure> {
    let fail = |exit_code, what: &str| Failure { message: format!("{}: {what}", path.display()), exit_code };
    let bytes = std::fs::read(path).map_err(|e| fail(exit::USAGE, &e.to_string()))?;
    if bytes.starts_with(b"\x89PNG") {
        return Picture::from_png(&bytes).map_err(|e| fail(exit::PICTURE, &e));
    }
    Picture::from_jpeg(&bytes).map_err(|e| fail(exit::PICTURE, &format!("{e} (JPEG and PNG files can be read)")))
}

fn look(pictures: &[PathBuf], args: &ModelArgs, json: bool) -> Result<(), Failure> {
    let mut stack = open(args)?;
    for path in pictures {
        let faces = stack.look(&read_picture(path)?)?;
        if json {
            let faces: Vec<serde_json::Value> = faces
                .iter()
                .map(|f| {
                    serde_json::json!({
                        "box_px": f.raw.box_px,
                        "landmarks_px": f.raw.landmarks_px,
                        "score": f.raw.score,
                        "quality": f.quality,
                        "components": components(&f.quality),
                    })
                })
                .collect();
            print(&serde_json::json!({ "picture": path, "faces": faces }).to_string())?;
            continue;
        }
        print(&format!("{}: {} face{}", path.display(), faces.len(), if faces.len() == 1 { "" } else { "s" }))?;
        for f in faces {
            let (b, q) = (f.raw.box_px, f.quality);
            print(&format!(
                "  score {:.2}  box {:.0},{:.0}–{:.0},{:.0}  eyes {:.0} px  yaw {:+.0}° pitch {:+.0}° roll {:+.0}°  \
                 sharpness {:.0}  luminance {:.2}  over-exposed {:.0} %  entropy {:.1} bit  overall {:.0}",
                f.raw.score,
                b[0],
                b[1],
                b[2],
                b[3],
                q.inter_eye_px,
                q.yaw_deg,
                q.pitch_deg,
                q.roll_deg,
                q.sharpness,
                q.mean_luminance,
                q.over_exposed_share * 100.0,
                q.entropy_bits,
                q.overall
            ))?;
            let score = |(name, score): (&str, Option<f32>)| {
                format!("{name} {}", score.map_or("–".to_string(), |s| format!("{s:.0}")))
            };
            print(&format!("    of 100: {}", components(&q).named().map(score).join("  ")))?;
        }
    }
    Ok(())
}

fn match_probes(probes: &[PathBuf], gallery: &Path, args: &ModelArgs, json: bool) -> Result<(), Failure> {
    let unreadable = |path: &Path, e: &dyn std::fmt::Display| Failure {
        message: format!("{}: {e}", path.display()),
        exit_code: exit::USAGE,
    };
    let mut references = Vec::new();
    for entry in std::fs::read_dir(gallery).map_err(|e| unreadable(gallery, &e))? {
        let path = entry.map_err(|e| unreadable(gallery, &e))?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
        if ["jpg", "jpeg", "png"].contains(&extension.as_str()) {
            references.push(path);
        }
    }
    if references.is_empty() {
        return Err(unreadable(gallery, &"holds no *.jpg, *.jpeg or *.png"));
    }
    // The order of a folder is the file system's; the gallery's must not be.
    references.sort();
    let mut stack = open(args)?;
    for path in &references {
        let picture = read_picture(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let frame = Frame {
            exposure_id: 0,
            camera_id: "reference".into(),
            mid_exposure_us: 0,
            exposure_us: 0.0,
            gain_db: 0.0,
            encoding: FrameEncoding::Rgb8 { width_px: picture.width_px(), height_px: picture.height_px() },
            bytes: picture.rgb().to_vec(),
        };
        stack.enrol(&name, &frame)?;
    }
    for path in probes {
        let picture = read_picture(path)?;
        let Some(template) = stack.template(&picture)? else {
            let message = format!("{}: no face is found in the picture", path.display());
            return Err(Failure { message, exit_code: exit::PICTURE });
        };
        let (candidates, matched) = stack.identify(&template)?;
        if json {
            let line = serde_json::json!({ "probe": path, "matched": matched, "candidates": candidates });
            print(&line.to_string())?;
            continue;
        }
        print(&format!("{}: {}", path.display(), matched.as_deref().unwrap_or("no match")))?;
        for c in candidates {
            print(&format!("  {:+.3} {}", c.similarity, c.reference_id))?;
        }
    }
    Ok(())
}

fn cards(args: &ModelArgs) -> Result<(), Failure> {
    let selection = select(&args.dir, args.stack_config.as_deref());
    let used = selection.as_ref().ok().map(|s| [&s.detector.about.name, &s.embedder.about.name]);
    for found in models::cards(&args.dir)? {
        let about = found.card.about();
        let detail = match &found.card {
            Card::Detector(card) => match card.input.size {
                InputSize::Fixed([w, h]) => format!("detector, {w}×{h} px"),
                InputSize::MultipleOf(step) => format!("detector, any multiple of {step} px"),
            },
            Card::Embedder(card) => {
                let [w, h] = card.size_px;
                format!("embedder, {w}×{h} px, {}-d, threshold {}", card.dimension, card.match_threshold)
            }
        };
        let mark = if used.is_some_and(|u| u.contains(&&about.name)) { "*" } else { " " };
        let state = if found.present { "present" } else { "absent" };
        let domain = if about.in_domain { "in-domain: optimistic" } else { "independent" };
        print(&format!(
            "{mark} {:<20} {detail}; {} {state}; {}; {domain}; trained on {}; card {}",
            about.name,
            about.file,
            about.licence,
            about.trained_on,
            found.path.display()
        ))?;
    }
    let selection = selection?;
    print(&format!(
        "* used: {} with {}, working width {} px",
        selection.detector.about.name, selection.embedder.about.name, selection.working.working_width_px
    ))
}
