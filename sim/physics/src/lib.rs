//! Vehicle dynamics: approach, braking and stop.
