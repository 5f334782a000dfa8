//! The capture-and-match stack of a vehicle lane: frames of cameras in, best shots and matches out.
//!
//! Each frame is decoded ([`picture`]), resized ([`resample`]), searched for faces ([`detector`], [`decode`]) and
//! measured ([`quality`], [`pose`]); faces become tracks per camera ([`track`]); the best shots of each track are aligned
//! and embedded ([`embedder`]) and compared with the [`gallery`], a list in memory or an encrypted database.
//! [`InProcessStack`] does this behind [`client::StackClient`], the only interface a runner sees. Nothing here depends on a
//! simulator.
//!
//! [`service`] puts it behind an HTTP API ([`api`], `lane-stack/openapi.json`) for several encounters at a time, and
//! [`HttpStack`] is a client of such a service behind the same interface. [`ExecStack`] is that of any program that speaks
//! lines of JSON ([`exec`]).
//!
//! # ONNX Runtime
//! The library is loaded at run time: [`InProcessStack::open`] takes its path, or `ORT_DYLIB_PATH` names it (a full path to
//! `libonnxruntime.so`, 1.20 or newer). A missing library is [`SetupError::Runtime`], never a panic. One library is loaded
//! per process; the first path wins.
//!
//! # Bringing another model
//! Put the ONNX file into a folder and a card beside it. A detector of the YuNet or the RetinaFace family:
//!
//! ```toml
//! kind = "detector"
//! name = "my-detector"
//! file = "my-detector.onnx"       # a name without folders
//! sha256 = "…"                    # may be left out; checked when given
//! licence = "MIT"
//! source = "where it comes from"
//! trained_on = "what it has seen"
//! in_domain = false               # true: trained on pictures like those it is tested on; reports then say so
//!
//! [input]                         # one float32 input, N×3×H×W
//! name = "input"
//! multiple_of_px = 32             # or size_px = [640, 480]
//! colour_order = "bgr"            # of the planes
//! mean = [0.0, 0.0, 0.0]          # value = (byte − mean) × scale, in the order of the planes
//! scale = [1.0, 1.0, 1.0]
//!
//! [decoder]
//! family = "yunet"                # or "retinaface", with prior_sizes_px and variances
//! strides = [8, 16, 32]
//! score_threshold = 0.5
//! nms_iou = 0.45
//! ```
//!
//! An embedder has `kind = "embedder"`, an `[input]` with `size_px`, and
//!
//! ```toml
//! [output]
//! name = "embedding"
//! dimension = 512                 # brought to unit length here
//!
//! [alignment]                     # image-left eye, image-right eye, nose tip, image-left and -right mouth corner
//! template_px = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
//!
//! [matching]
//! threshold = 0.35                # cosine similarity
//! evidence = "how the threshold was found"
//! ```
//!
//! A `stack.toml` in the folder (or given apart) names the pair and, where the defaults do not fit, the working
//! parameters ([`config`]):
//!
//! ```toml
//! detector = "my-detector"        # a card's name, or a card file beside this one
//! embedder = "omz-reid-0095"      # cards of well-known models come with the crate (folder cards/)
//! working_width_px = 960          # pictures wider than this are resized for the detector
//! match_threshold = 0.30          # in place of the card's
//! shots_per_track = 3             # best shots whose mean embedding is matched
//! [quality_rule]
//! min_inter_eye_px = 40.0
//! components = { uniformity = 20 } # least scores on OFIQ's scale, where bounds in units are not wanted
//! [tracking]
//! join_similarity = 0.8
//! [persons]                       # who is one person before several cameras, and on which seat
//! row_spacing_m = 0.85
//! [exposure_control]              # left out: the stack does not steer
//! target_luminance = 0.4
//! min_exposure_us = 20.0
//! max_exposure_us = 1000.0
//! max_gain_db = 24.0
//! [early_stop]                    # left out: the stack never says that it has seen enough
//! min_shots = 2                   # of each person, of those that keep the quality rule
//! quiet_exposures = 2             # of each camera, since anybody new appeared
//! [need_more]                     # left out: the stack asks for no exposures
//! min_shots = 1
//! [throughput]                    # left out: each frame by itself, the same bits every time
//! max_batch = 4                   # frames, and faces, in one run of a model
//! ```
//!
//! Without one, the first detector and embedder whose files are there are used ([`models::select`]). A card is checked when
//! it is read (file, line, column), a model when it is loaded: hash, input, and one run whose outputs must have the shapes
//! of its family. Another decoder family is a file in `decode/` and a variant of [`card::DecoderSpec`].
//!
//! # Determinism
//! The same models and the same frames in the same order give the same decisions: one thread per model unless
//! `intra_threads` says otherwise, ONNX Runtime's deterministic kernels, and no order that depends on a hash or a clock.
//! Another version of ONNX Runtime, or another processor, may differ in the last bits.
//!
//! With `[throughput]` frames that wait are looked at together, of whichever cameras and encounters, faces are embedded
//! together, and ONNX Runtime chooses its kernels by speed: then the last bits depend on what else was waiting. How many
//! decisions that changes is measured by `examples/modes`.
pub mod api;
pub mod card;
pub mod client;
pub mod config;
pub mod decode;
pub mod default_models;
pub mod detector;
pub mod embedder;
pub mod engine;
pub mod error;
pub mod exec;
pub mod exit;
pub mod exposure;
pub mod feedback;
#[doc(hidden)]
pub mod fuzzing;
pub mod gallery;
pub mod geometry;
pub mod http_client;
pub mod judges;
pub mod models;
mod patch;
pub mod persons;
pub mod picture;
pub mod pose;
pub mod quality;
pub mod reply;
pub mod resample;
pub mod rig;
pub mod runtime;
pub mod service;
mod shots;
mod sound;
mod stack;
mod text;
pub mod track;

pub use engine::{Engine, Face};
pub use error::SetupError;
pub use exec::{ExecOptions, ExecStack};
pub use http_client::{HttpOptions, HttpStack};
pub use models::{Selection, select};
pub use stack::InProcessStack;
