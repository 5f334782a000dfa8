//! Exit codes of the program: an interface, stable across versions.

/// Everything was done.
pub const DONE: u8 = 0;
/// Something unexpected: a defect of the program.
pub const UNEXPECTED: u8 = 1;
/// The command line or a file that a person wrote is wrong; nothing was written.
pub const USAGE: u8 = 2;
/// The run went to its end, but some encounters failed; the summary names them and why.
pub const SOME_ENCOUNTERS_FAILED: u8 = 5;
/// The machine lacks something: Vulkan device, ONNX Runtime, assets, models. `laneproof doctor` says what mends it.
pub const SETUP: u8 = 96;
/// A disk or another device failed while writing; what was done before stays and `--resume` goes on from it.
pub const IO: u8 = 97;
/// `check`: a bound that a scenario sets is broken.
pub const GATE_FAILED: u8 = 100;
/// `check`: something became worse than its baseline.
pub const WORSE_THAN_BASELINE: u8 = 101;
/// `check`: there is no baseline to compare with, or it is of another scenario; `--accept` writes one.
pub const NO_BASELINE: u8 = 102;
