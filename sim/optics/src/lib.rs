//! Sun, sky, glass and cabin light in radiometric units.
