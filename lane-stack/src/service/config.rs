//! The service's configuration: `lane.toml`. Paths in it are relative to its folder.
//!
//! ```toml
//! listen = "127.0.0.1:8470"        # port 0: a free one, told on standard output
//! models = "models"                # folder, as for the other commands
//! # stack_config = "stack.toml"    # in place of the folder's own
//! # onnxruntime = "libonnxruntime.so" # in place of ORT_DYLIB_PATH
//! workers = 2                      # threads that look at frames; left out: one per processor
//!
//! [auth]
//! token_file = "token"             # or token_env; left out: the variable LANE_STACK_TOKEN
//!
//! [tls]                            # needed beyond loopback
//! certificate = "lane.pem"         # chain, PEM
//! key = "lane.key"                 # PEM
//!
//! [gallery]                        # left out: a list in memory, gone with the process
//! database = "lane.gallery"        # made by `lane-stack gallery init`
//! key_file = "master.key"          # or key_env; left out: the variable LANE_STACK_MASTER_KEY
//!
//! [[cameras]]                      # where they are, to tell persons and seats; left out: until PUT /v1/rig says so
//! camera_id = "front"
//! position_m = [1.95, 2.40, 5.5]   # lane's frame: x left of the middle, y up, z ahead of the stop line
//! look_at_m = [0.0, 1.30, -2.4]    # what the middle of the picture shows
//! focal_length_px = 10_239         # focal length ÷ pixel pitch
//! width_px = 1920
//! height_px = 1200
//!
//! [limits]                         # what is left out stands as below
//! max_connections = 256
//! max_frame_bytes = 33_554_432
//! max_frame_pixels = 40_000_000
//! max_open_encounters = 8
//! max_frames_per_encounter = 4096
//! max_queued_frames = 64           # accepted and not yet looked at, over all encounters
//! max_queued_frames_per_encounter = 32
//! max_queued_bytes = 268_435_456
//! max_wait_ms = 500                # a picture that would wait for longer before it is looked at is refused (429)
//! max_encounter_s = 3600           # an encounter open for longer is dropped
//! max_idle_s = 600                 # likewise one without a request
//! receive_s = 10                   # for a request's bytes to arrive
//! answer_s = 60                    # for an answer; the work goes on, and can be asked for again
//! max_kept = 64                    # decisions kept for being asked for again
//! keep_s = 60
//! max_listeners = 16               # of live events
//! finish_s = 60                    # after a signal, for what was accepted to be finished
//! ```
use crate::error::SetupError;
use crate::gallery::{GalleryError, MASTER_KEY_VARIABLE, MasterKey};
use crate::rig::{CameraGeometry, Rig};
use crate::text::Source;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// The variable that holds the token when the configuration names no other.
pub const TOKEN_VARIABLE: &str = "LANE_STACK_TOKEN";

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a file.
    File(PathBuf),
    /// In an environment variable.
    Variable(String),
}

impl SecretSource {
    /// Reads a master key from there.
    pub fn master_key(&self) -> Result<MasterKey, GalleryError> {
        match self {
            Self::File(path) => MasterKey::from_file(path),
            Self::Variable(name) => MasterKey::from_environment(name),
        }
    }
}

/// A gallery on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GalleryFiles {
    /// Database.
    pub database: PathBuf,
    /// Where its master key is.
    pub key: SecretSource,
}

/// Certificate chain and private key, PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Chain, the service's own certificate first.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// What the service bears before it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time.
    pub max_connections: usize,
    /// Bytes of one frame or reference picture.
    pub max_frame_bytes: u64,
    /// Pixels of one frame or reference picture, as its header promises them.
    pub max_frame_pixels: u64,
    /// Encounters that have not decided.
    pub max_open_encounters: usize,
    /// Frames of one encounter.
    pub max_frames_per_encounter: u64,
    /// Frames accepted and not yet looked at.
    pub max_queued_frames: usize,
    /// Likewise, of one encounter.
    pub max_queued_frames_per_encounter: usize,
    /// Bytes of such frames.
    pub max_queued_bytes: u64,
    /// Time for which a picture may be expected to wait before it is looked at, from how long looking took so far.
    pub max_wait: Duration,
    /// Age at which an open encounter is dropped.
    pub max_encounter: Duration,
    /// Time without a request after which an open encounter is dropped.
    pub max_idle: Duration,
    /// Time for a request's bytes to arrive.
    pub receive: Duration,
    /// Time for an answer.
    pub answer: Duration,
    /// Decided encounters that can be asked for again.
    pub max_kept: usize,
    /// For how long.
    pub keep: Duration,
    /// Listeners to live events.
    pub max_listeners: usize,
    /// Time to finish what was accepted, after a signal.
    pub finish: Duration,
}

/// A checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// Models directory.
    pub models: PathBuf,
    /// In place of the directory's `stack.toml`.
    pub stack_config: Option<PathBuf>,
    /// ONNX Runtime's library, in place of `ORT_DYLIB_PATH`.
    pub onnxruntime: Option<PathBuf>,
    /// Threads that look at frames.
    pub workers: usize,
    /// Where the token is.
    pub token: SecretSource,
    /// Certificate and key.
    pub tls: Option<TlsFiles>,
    /// The gallery on disk; without one, references are kept in memory.
    pub gallery: Option<GalleryFiles>,
    /// Where the cameras are.
    pub cameras: Vec<CameraGeometry>,
    /// Limits.
    pub limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    listen: Option<Spanned<String>>,
    models: PathBuf,
    stack_config: Option<PathBuf>,
    onnxruntime: Option<PathBuf>,
    workers: Option<Spanned<usize>>,
    auth: Option<Spanned<RawAuth>>,
    tls: Option<RawTls>,
    gallery: Option<Spanned<RawGallery>>,
    cameras: Option<Spanned<Vec<CameraGeometry>>>,
    #[serde(default)]
    limits: RawLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAuth {
    token_file: Option<PathBuf>,
    token_env: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTls {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGallery {
    database: PathBuf,
    key_file: Option<PathBuf>,
    key_env: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    max_connections: Option<Spanned<u64>>,
    max_frame_bytes: Option<Spanned<u64>>,
    max_frame_pixels: Option<Spanned<u64>>,
    max_open_encounters: Option<Spanned<u64>>,
    max_frames_per_encounter: Option<Spanned<u64>>,
    max_queued_frames: Option<Spanned<u64>>,
    max_queued_frames_per_encounter: Option<Spanned<u64>>,
    max_queued_bytes: Option<Spanned<u64>>,
    max_wait_ms: Option<Spanned<u64>>,
    max_encounter_s: Option<Spanned<u64>>,
    max_idle_s: Option<Spanned<u64>>,
    receive_s: Option<Spanned<u64>>,
    answer_s: Option<Spanned<u64>>,
    max_kept: Option<Spanned<u64>>,
    keep_s: Option<Spanned<u64>>,
    max_listeners: Option<Spanned<u64>>,
    finish_s: Option<Spanned<u64>>,
}

impl ServiceConfig {
    /// Reads a configuration file.
    pub fn read(path: &Path) -> Result<Self, SetupError> {
        Self::from_source(&Source::read(path)?)
    }

    pub(crate) fn from_source(source: &Source) -> Result<Self, SetupError> {
        let raw: RawConfig = source.parse()?;
        let folder = source.path.parent().unwrap_or(Path::new(""));
        let listen = match raw.listen {
            None => SocketAddr::from(([127, 0, 0, 1], 8470)),
            Some(text) => {
                let listen: SocketAddr = text.get_ref().parse().map_err(|_| {
                    let reason = format!("listen = \"{}\" must be an IP address and a port", text.get_ref());
                    source.error_at(text.span(), reason)
                })?;
                if !listen.ip().is_loopback() && raw.tls.is_none() {
                    let reason = format!(
                        "listen = \"{listen}\" is reached from other machines, so that tokens and faces would travel in \
                         the clear; give [tls] a certificate and a key, or listen on 127.0.0.1 or [::1]"
                    );
                    return Err(source.error_at(text.span(), reason));
                }
                listen
            }
        };
        let token = match raw.auth {
            None => SecretSource::Variable(TOKEN_VARIABLE.to_string()),
            Some(auth) => match (&auth.get_ref().token_file, &auth.get_ref().token_env) {
                (Some(file), None) => SecretSource::File(folder.join(file)),
                (None, Some(variable)) => SecretSource::Variable(variable.clone()),
                _ => {
                    let reason = "[auth] must have one of token_file and token_env".to_string();
                    return Err(source.error_at(auth.span(), reason));
                }
            },
        };
        let gallery = raw.gallery.map(|spanned| {
            let span = spanned.span();
            let RawGallery { database, key_file, key_env } = spanned.into_inner();
            let key = match (key_file, key_env) {
                (Some(file), None) => SecretSource::File(folder.join(file)),
                (None, Some(variable)) => SecretSource::Variable(variable),
                (None, None) => SecretSource::Variable(MASTER_KEY_VARIABLE.to_string()),
                (Some(_), Some(_)) => {
                    let reason = "[gallery] must have at most one of key_file and key_env".to_string();
                    return Err(source.error_at(span, reason));
                }
            };
            Ok(GalleryFiles { database: folder.join(database), key })
        });
        if let Some(cameras) = &raw.cameras {
            Rig::new(cameras.get_ref()).map_err(|fault| source.error_at(cameras.span(), fault.to_string()))?;
        }
        let workers = source.within(raw.workers, "workers", [1, 256])?;
        Ok(Self {
            listen,
            models: folder.join(raw.models),
            stack_config: raw.stack_config.map(|path| folder.join(path)),
            onnxruntime: raw.onnxruntime.map(|path| folder.join(path)),
            workers: workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get())),
            token,
            tls: raw.tls.map(|t| TlsFiles { certificate: folder.join(t.certificate), key: folder.join(t.key) }),
            gallery: gallery.transpose()?,
            cameras: raw.cameras.map(Spanned::into_inner).unwrap_or_default(),
            limits: limits(source, raw.limits)?,
        })
    }
}

/// A day, seconds.
const DAY_S: u64 = 86_400;

fn limits(source: &Source, raw: RawLimits) -> Result<Limits, SetupError> {
    let get = |value: Option<Spanned<u64>>, name: &str, range: [u64; 2], default: u64| {
        Ok::<u64, SetupError>(source.within(value, name, range)?.unwrap_or(default))
    };
    let seconds =
        |value, name: &str, range, default| Ok::<_, SetupError>(Duration::from_secs(get(value, name, range, default)?));
    let queued_span = raw.max_queued_bytes.as_ref().map_or(0..0, Spanned::span);
    let limits = Limits {
        max_connections: get(raw.max_connections, "max_connections", [1, 65_536], 256)? as usize,
        max_frame_bytes: get(raw.max_frame_bytes, "max_frame_bytes", [1_024, 1 << 30], 32 << 20)?,
        max_frame_pixels: get(raw.max_frame_pixels, "max_frame_pixels", [4_096, 1 << 28], 40_000_000)?,
        max_open_encounters: get(raw.max_open_encounters, "max_open_encounters", [1, 4_096], 8)? as usize,
        max_frames_per_encounter: get(raw.max_frames_per_encounter, "max_frames_per_encounter", [1, 1 << 20], 4_096)?,
        max_queued_frames: get(raw.max_queued_frames, "max_queued_frames", [1, 65_536], 64)? as usize,
        max_queued_frames_per_encounter: get(
            raw.max_queued_frames_per_encounter,
            "max_queued_frames_per_encounter",
            [1, 65_536],
            32,
        )? as usize,
        max_queued_bytes: get(raw.max_queued_bytes, "max_queued_bytes", [1_024, 1 << 40], 256 << 20)?,
        max_wait: Duration::from_millis(get(raw.max_wait_ms, "max_wait_ms", [1, 3_600_000], 500)?),
        max_encounter: seconds(raw.max_encounter_s, "max_encounter_s", [1, DAY_S], 3_600)?,
        max_idle: seconds(raw.max_idle_s, "max_idle_s", [1, DAY_S], 600)?,
        receive: seconds(raw.receive_s, "receive_s", [1, 3_600], 10)?,
        answer: seconds(raw.answer_s, "answer_s", [1, 3_600], 60)?,
        max_kept: get(raw.max_kept, "max_kept", [0, 65_536], 64)? as usize,
        keep: seconds(raw.keep_s, "keep_s", [0, DAY_S], 60)?,
        max_listeners: get(raw.max_listeners, "max_listeners", [0, 4_096], 16)? as usize,
        finish: seconds(raw.finish_s, "finish_s", [0, DAY_S], 60)?,
    };
    if limits.max_queued_bytes < limits.max_frame_bytes {
        let reason = format!(
            "max_queued_bytes = {} must not be under max_frame_bytes = {}: such a frame would never be taken",
            limits.max_queued_bytes, limits.max_frame_bytes
        );
        return Err(source.error_at(queued_span, reason));
    }
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ServiceConfig, SetupError> {
        ServiceConfig::from_source(&Source { path: "site/lane.toml".into(), text: text.into() })
    }

    #[test]
    fn a_short_configuration_is_loopback_with_a_token() {
        let config = read("models = \"m\"\n").unwrap();
        assert!(config.listen.ip().is_loopback());
        assert_eq!(config.models, Path::new("site/m"));
        assert_eq!(config.token, SecretSource::Variable(TOKEN_VARIABLE.to_string()));
        assert!(config.tls.is_none() && config.gallery.is_none() && config.limits.max_open_encounters == 8);
    }

    #[test]
    fn the_page_of_this_module_is_a_configuration_of_the_defaults() {
        let page: String = include_str!("config.rs")
            .lines()
            .skip_while(|line| !line.contains("```toml"))
            .skip(1)
            .take_while(|line| !line.contains("```"))
            .map(|line| format!("{}\n", line.trim_start_matches("//!").trim_start()))
            .collect();
        let shown = read(&page).unwrap();
        assert_eq!(shown.limits, read("models = \"m\"\n").unwrap().limits);
        assert!(shown.tls.is_some());
        assert_eq!(shown.cameras.len(), 1);
        let gallery = shown.gallery.unwrap();
        assert_eq!(gallery.database, Path::new("site/lane.gallery"));
        assert_eq!(gallery.key, SecretSource::File("site/master.key".into()));
        let of_environment = read("models = \"m\"\n[gallery]\ndatabase = \"g\"\n").unwrap().gallery.unwrap();
        assert_eq!(of_environment.key, SecretSource::Variable(MASTER_KEY_VARIABLE.to_string()));
    }

    #[test]
    fn wrong_values_and_unknown_keys_are_told_with_their_place() {
        for (text, place, word) in [
            ("model = \"m\"\n", ":1:1:", "models"),
            ("models = \"m\"\n[limits]\nmax_frames = 3\n", ":3:1:", "max_frame_bytes"),
            ("models = \"m\"\n[limits]\nmax_frame_bytes = 3\n", ":3:19:", "1024"),
            ("models = \"m\"\n[limits]\nanswer_s = -1\n", ":3:12:", "-1"),
            ("models = \"m\"\nlisten = \"localhost\"\n", ":2:10:", "IP address"),
            ("models = \"m\"\nlisten = \"0.0.0.0:80\"\n", ":2:10:", "[tls]"),
            ("models = \"m\"\nworkers = 0\n", ":2:11:", "256"),
            ("models = \"m\"\n[auth]\n", ":2:1:", "token_file"),
            ("models = \"m\"\n[tls]\nkey = \"k\"\n", ":2:1:", "certificate"),
            ("models = \"m\"\n[gallery]\nkey_file = \"k\"\n", ":2:1:", "database"),
            (
                "models = \"m\"\n[gallery]\ndatabase = \"g\"\nkey_file = \"k\"\nkey_env = \"K\"\n",
                ":2:1:",
                "at most one",
            ),
            ("models = \"m\"\n[limits]\nmax_queued_bytes = 2048\n", ":3:20:", "max_frame_bytes"),
            (
                "models = \"m\"\n[[cameras]]\ncamera_id = \"front\"\nposition_m = [0, 2, 5]\nlook_at_m = [0, 2, 5]\n\
                 focal_length_px = 5000\nwidth_px = 1920\nheight_px = 1200\n",
                ":2:1:",
                "camera \"front\"",
            ),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(place) && message.contains(word), "{text}: {message}");
        }
    }
}
