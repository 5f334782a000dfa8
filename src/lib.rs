//! The laneproof command line and what it composes: the cache of assets, the simulator as the runner's world, the stack
//! under test.
pub mod cli;
pub mod session;
mod stack_place;
pub mod world;
