//! Statistics of shares of occupants who come in vehicles.
pub mod clustered;
pub mod kendall;
pub mod multiple;
pub mod normal;
pub mod paired;
pub mod power;
mod random;
pub mod share;
mod spread;
pub mod unpaired;
