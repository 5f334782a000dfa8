//! Where the lane's cameras are: told once by the configuration or by a client, in force from the next encounter on.
use super::Service;
use super::problem::{Refusal, refuse};
use crate::api::{InstalledCameras, Problem};
use crate::rig::{CameraGeometry, Rig, RigFault};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longest description of cameras, bytes.
const MAX_BYTES: usize = 256 * 1024;

/// The cameras in force.
#[derive(Debug)]
pub struct Installed {
    in_force: Mutex<(Vec<CameraGeometry>, Arc<Rig>)>,
}

impl Installed {
    /// Begins with these.
    pub fn new(cameras: Vec<CameraGeometry>) -> Result<Self, RigFault> {
        let rig = Arc::new(Rig::new(&cameras)?);
        Ok(Self { in_force: Mutex::new((cameras, rig)) })
    }

    fn lock(&self) -> MutexGuard<'_, (Vec<CameraGeometry>, Arc<Rig>)> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an encounter that opens now works with.
    pub fn rig(&self) -> Arc<Rig> {
        self.lock().1.clone()
    }

    fn cameras(&self) -> InstalledCameras {
        InstalledCameras { cameras: self.lock().0.clone() }
    }

    fn install(&self, cameras: Vec<CameraGeometry>) -> Result<(), RigFault> {
        let rig = Arc::new(Rig::new(&cameras)?);
        *self.lock() = (cameras, rig);
        Ok(())
    }
}

/// Where the cameras are.
#[utoipa::path(get, path = "/v1/rig", tag = "service", responses((status = 200, body = InstalledCameras)))]
pub(super) async fn rig(State(service): State<Arc<Service>>) -> Json<InstalledCameras> {
    Json(service.core.rig.cameras())
}

/// Says where the cameras are, in place of what was said before; for encounters that are opened from now on.
#[utoipa::path(put, path = "/v1/rig", tag = "service", request_body = InstalledCameras, responses(
    (status = 200, body = InstalledCameras),
    (status = 400, description = "bad-value: an impossible camera, or no such JSON", body = Problem,
        content_type = "application/problem+json"),
))]
pub(super) async fn install(
    State(service): State<Arc<Service>>,
    body: Body,
) -> Result<Json<InstalledCameras>, Refusal> {
    let bad = |reason: String| refuse("bad-value", reason);
    let bytes = axum::body::to_bytes(body, MAX_BYTES).await.map_err(|e| bad(e.to_string()))?;
    let InstalledCameras { cameras } = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
    service.core.rig.install(cameras).map_err(|fault| bad(fault.to_string()))?;
    Ok(Json(service.core.rig.cameras()))
}
