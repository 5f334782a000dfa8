//! Fillers in the gallery of a service that is measured: refused where the gallery is one of people who are kept.
use super::Service;
use super::problem::{Refusal, refuse};
use super::routes::of_gallery;
use crate::api::{FillerOrder, FillersInfo, Problem};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use std::sync::Arc;

/// Longest order, bytes.
const MAX_BYTES: usize = 1024;

/// Fills a gallery in memory up with templates of synthetic people, so that searches meet a gallery of a lane's size.
#[utoipa::path(put, path = "/v1/gallery/fillers", tag = "gallery", request_body = FillerOrder, responses(
    (status = 200, body = FillersInfo),
    (status = 400, description = "bad-value: no such JSON", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "gallery-refused: too many, or a gallery that is kept", body = Problem,
        content_type = "application/problem+json"),
))]
pub(super) async fn fill(State(service): State<Arc<Service>>, body: Body) -> Result<Json<FillersInfo>, Refusal> {
    let bad = |reason: String| refuse("bad-value", reason);
    let bytes = axum::body::to_bytes(body, MAX_BYTES).await.map_err(|e| bad(e.to_string()))?;
    let FillerOrder { count, seed } = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
    let Some(fillers) = service.fillers.clone() else {
        return Ok(Json(FillersInfo { fillers: 0 }));
    };
    let fillers = of_gallery(&service, move |gallery| gallery.fill(&fillers, count, seed)).await?;
    Ok(Json(FillersInfo { fillers }))
}
