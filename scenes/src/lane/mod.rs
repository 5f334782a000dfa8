//! The lane: roadway, kerbs, canopy, booth, poles.
