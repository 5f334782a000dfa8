//! Free disk space.

use std::path::Path;

use crate::AssetError;

/// Bytes that an unprivileged process may still write to the file system of `path`.
///
/// `path` need not exist yet: the nearest folder above it that does is asked.
pub fn disk_free(path: &Path) -> Result<u64, AssetError> {
    let absolute = std::path::absolute(path).map_err(|e| AssetError::io("resolve", path, e))?;
    let existing = absolute.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/"));
    let stat =
        rustix::fs::statvfs(existing).map_err(|e| AssetError::io("ask the free space of", existing, e.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
