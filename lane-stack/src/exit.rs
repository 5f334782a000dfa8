//! Exit codes of the `lane-stack` binary. They are an interface: scripts rely on them.

/// Done.
pub const OK: u8 = 0;
/// Wrong usage, or an input file that cannot be read.
pub const USAGE: u8 = 2;
/// A bad card, a bad configuration or a bad model file.
pub const MODEL: u8 = 3;
/// ONNX Runtime is missing, unreadable or too old.
pub const RUNTIME: u8 = 4;
/// A picture that cannot be decoded, or that shows no face where one is needed.
pub const PICTURE: u8 = 5;
/// A gallery that is damaged, of another version, or none at all.
pub const GALLERY: u8 = 6;
/// The gallery's master key is missing, malformed, or another.
pub const KEY: u8 = 7;
/// Another process has the gallery open.
pub const BUSY: u8 = 8;
/// The disk is full or failed; what was acknowledged before stays.
pub const DISK: u8 = 9;
/// The gallery refuses: another model's template, a reference that is not there, its policy, or too little evidence.
pub const REFUSED: u8 = 10;
/// The address cannot be listened on, or the system refuses threads or signals.
pub const LISTEN: u8 = 11;
/// The service was stopped before every open encounter was closed.
pub const UNFINISHED: u8 = 12;
