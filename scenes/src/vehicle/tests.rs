//! Oracles on the built vehicles.
