//! Statistics of a simulated lane: shares, differences and sample plans, each with its uncertainty.
//!
//! Occupants come in vehicles and share what befalls them: one pane, one driver, one sun. So vehicles are what is drawn,
//! and whatever has an interval here knows of them, unless it says that each item counts for itself. All functions are
//! pure: the same arguments, seeds among them, give the same bytes. All intervals are of 95 %; shares are 0 to 1.
//!
//! | question | module |
//! | --- | --- |
//! | what share, if each item counts for itself | [`share`]; exact, [`normal::exact_interval`] |
//! | what share of occupants in vehicles, weighted or not | [`clustered`] |
//! | did B change what A gave, over the same occupants | [`paired`] |
//! | do A and B differ, over different vehicles | [`unpaired`] |
//! | which of several comparisons hold | [`multiple`] |
//! | do two orders agree | [`kendall`] |
//! | how many vehicles does it take | [`power`] |
//! | at which values of which factors | [`design`] |
pub mod clustered;
pub mod design;
pub mod kendall;
pub mod multiple;
pub mod normal;
pub mod paired;
pub mod power;
mod random;
pub mod share;
mod spread;
pub mod unpaired;
