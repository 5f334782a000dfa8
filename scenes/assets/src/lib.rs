//! Fetches, verifies and unpacks the third-party assets into a cache folder.
