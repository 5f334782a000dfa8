//! Vehicle dynamics: approach, braking and stop.
mod drive;
mod trajectory;

pub use drive::{BRAKING_MPS2, DriveError, drive};
pub use trajectory::{TICKS_PER_SECOND, Trajectory, WheelState};
