//! Vehicle dynamics: approach, braking, stop, starting again, driving through.
mod drive;
mod trajectory;

pub use drive::{DriveError, drive};
pub use trajectory::{TICKS_PER_SECOND, Trajectory, WheelState};
