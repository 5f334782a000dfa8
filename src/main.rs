//! The laneproof command line.
fn main() {}
