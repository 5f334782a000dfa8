//! Vehicle dynamics: approach, braking, stop, starting again, driving through; and one vehicle behind another.
mod drive;
mod queue;
mod trajectory;

pub use drive::{DriveError, drive};
pub use queue::{Driven, Spacing, follow, lead};
pub use trajectory::{TICKS_PER_SECOND, Trajectory, WheelState};
