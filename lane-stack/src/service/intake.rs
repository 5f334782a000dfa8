//! How bytes come in: checked before they are read, read with a bound on size and time, checked again before they are
//! decoded.
use super::Core;
use super::budget::{Budget, Reservation};
use super::encounter::Sent;
use super::problem::{Refusal, refuse};
use crate::api::{FrameQuery, MONO8, RGB8, check_id};
use crate::client::{Frame, FrameEncoding, StackError};
use crate::picture::promised_size_px;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use std::sync::Arc;
use std::time::Duration;

/// The bytes of a body that a request promises; the most there may be when it does not say.
pub fn promised_bytes(headers: &HeaderMap, most: u64) -> Result<u64, Refusal> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else { return Ok(most) };
    let length = value.to_str().ok().and_then(|v| v.parse::<u64>().ok());
    match length {
        Some(length) if length <= most => Ok(length),
        // hyper has refused what is no number.
        _ => Err(too_large(most)),
    }
}

fn too_large(most: u64) -> Refusal {
    refuse("too-large", format!("more than {most} bytes, which is max_frame_bytes"))
}

/// Reads a body.
pub async fn read(mut body: Body, most: u64, within: Duration) -> Result<Vec<u8>, Refusal> {
    let reading = async {
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(part) = body.frame().await {
            let part = part.map_err(|e| refuse("cut-off", format!("after {} bytes: {e}", bytes.len())))?;
            let Ok(data) = part.into_data() else { continue };
            if (bytes.len() + data.len()) as u64 > most {
                return Err(too_large(most));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    };
    let slow = |_| refuse("too-slow", format!("the body must arrive within {} s", within.as_secs()));
    tokio::time::timeout(within, reading).await.map_err(slow)?
}

/// Reads what a refused request still sends and forgets it, so that its client gets to read the answer.
pub async fn skim(mut body: Body, most: u64, within: Duration) {
    let skimming = async {
        let mut left = most;
        while let Some(Ok(part)) = body.frame().await {
            let length = part.data_ref().map_or(0, |data| data.len() as u64);
            if length > left {
                return;
            }
            left -= length;
        }
    };
    tokio::time::timeout(within, skimming).await.ok();
}

/// Room for a piece of work of so many bytes: in the service, and in an encounter where it is one's. What others wait for is
/// taken however long the queue is: refused, it would hold them up for ever.
pub fn room(
    core: &Core,
    encounter: Option<&Arc<Budget>>,
    bytes: u64,
    waited_for: bool,
) -> Result<Vec<Reservation>, Refusal> {
    // What waits for too long comes too late: better refused at once, while its sender can still do something else.
    let wait_s = core.expected_wait_s();
    if !waited_for && wait_s > core.limits.max_wait.as_secs_f64() {
        core.shed();
        let detail = format!("it would wait {wait_s:.1} s, longer than max_wait_ms allows; send it again later");
        return Err(refuse("busy", detail).retry_after(core.retry_after_s()));
    }
    let mut room = Vec::new();
    for budget in encounter.into_iter().chain([&core.room]) {
        let Some(reservation) = budget.reserve(bytes) else {
            core.shed();
            let detail = "as many pictures are under way as there may be; send this one again later";
            return Err(refuse("busy", detail).retry_after(core.retry_after_s()));
        };
        room.push(reservation);
    }
    Ok(room)
}

/// The encoding that a media type and a query stand for.
pub fn encoding(content_type: &str, size_px: [Option<u32>; 2]) -> Result<FrameEncoding, Refusal> {
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let raw = || match size_px {
        [Some(width_px), Some(height_px)] => Ok((width_px, height_px)),
        _ => Err(refuse("bad-value", "a raw picture needs width_px and height_px")),
    };
    match essence.as_str() {
        "image/jpeg" => Ok(FrameEncoding::Jpeg),
        "image/png" => Ok(FrameEncoding::Png),
        MONO8 => raw().map(|(width_px, height_px)| FrameEncoding::Mono8 { width_px, height_px }),
        RGB8 => raw().map(|(width_px, height_px)| FrameEncoding::Rgb8 { width_px, height_px }),
        _ => {
            let detail = format!("the content type must be image/jpeg, image/png, {MONO8} or {RGB8}");
            Err(refuse("unknown-media-type", detail))
        }
    }
}

/// The content type of a request.
pub fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("")
}

/// Refuses a picture that is none, or that would take more memory than it may, before it is decoded.
pub fn check_pixels(frame: &Frame, most: u64) -> Result<(), Refusal> {
    let [width_px, height_px] = promised_size_px(frame).map_err(|reason| {
        let (exposure_id, camera_id) = (frame.exposure_id, frame.camera_id.clone());
        Refusal::from(StackError::Undecodable { exposure_id, camera_id, reason })
    })?;
    if u64::from(width_px) * u64::from(height_px) <= most {
        return Ok(());
    }
    let detail = format!("{width_px}×{height_px} pixels are more than {most}, which is max_frame_pixels");
    let mut refusal = refuse("too-many-pixels", detail);
    refusal.problem.exposure_id = Some(frame.exposure_id);
    refusal.problem.camera_id = Some(frame.camera_id.clone());
    Err(refusal)
}

/// Checks what is said about a frame; its encoding.
pub fn check_query(query: &FrameQuery, content_type: &str) -> Result<FrameEncoding, Refusal> {
    check_id("camera_id", &query.camera_id).map_err(|detail| refuse("bad-id", detail))?;
    let encoding = encoding(content_type, [query.width_px, query.height_px])?;
    let rules = [
        (query.exposure_us > 0.0 && query.exposure_us.is_finite(), "exposure_us must be a number above 0"),
        (query.gain_db.is_finite(), "gain_db must be a number"),
    ];
    rules.into_iter().find(|(good, _)| !good).map_or(Ok(encoding), |(_, detail)| Err(refuse("bad-value", detail)))
}

/// A frame of its parts.
pub fn sent(query: FrameQuery, encoding: FrameEncoding, bytes: Vec<u8>, max_pixels: u64) -> Sent {
    let frame = Frame {
        exposure_id: query.exposure_id,
        camera_id: query.camera_id.clone(),
        mid_exposure_us: query.mid_exposure_us,
        exposure_us: query.exposure_us,
        gain_db: query.gain_db,
        encoding,
        bytes,
    };
    let checked = check_pixels(&frame, max_pixels);
    Sent { exposure_id: query.exposure_id, camera_id: query.camera_id, frame: checked.map(|()| frame) }
}
