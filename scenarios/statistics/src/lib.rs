//! Statistics of shares of occupants who come in vehicles.
pub mod clustered;
pub mod kendall;
pub mod normal;
mod random;
pub mod share;
mod spread;
