//! Vehicle dynamics: approach, braking, stop, starting again, driving through; and one vehicle behind another. Rain on the
//! panes of what drives.
mod drive;
mod queue;
pub mod rain;
mod trajectory;

pub use drive::{DriveError, drive};
pub use queue::{Driven, Spacing, follow, lead};
pub use trajectory::{TICKS_PER_SECOND, Trajectory, WheelState};
