//! Statistics of shares of occupants who come in vehicles.
pub mod normal;
mod random;
pub mod share;
