//! The routes of version 1, and what they answer. Their descriptions become `lane-stack/openapi.json`.
use super::auth::guard;
use super::encounter::Cell;
use super::openapi::PictureBytes;
use super::problem::{Refusal, refuse};
use super::{Service, fillers, intake, openapi, rig, stream};
use crate::api::{
    Closed, EncounterInfo, EnrolQuery, FRAME_STREAM, Found, FrameAnswer, FrameQuery, GalleryInfo, NDJSON, Problem,
    Readiness, Reference, ReferencePicture, StackInfo, Status, StreamAnswer, StreamedFrame, check_id,
};
use crate::client::Frame;
use crate::engine::Engine;
use crate::gallery::{Enrolment, GalleryError, Held, References, check_class};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{MatchedPath, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::oneshot;

type Shared = State<Arc<Service>>;

/// The routes with what is around them: the token about all but health, the counting about all.
pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/v1/ready", get(ready))
        .route("/v1/stack", get(stack))
        .route("/v1/rig", get(rig::rig).put(rig::install))
        .route("/v1/metrics", get(metrics))
        .route("/v1/openapi.json", get(description))
        .route("/v1/events", get(all_events))
        .route("/v1/encounters/{encounter_id}", put(open).get(look_up).delete(give_up))
        .route("/v1/encounters/{encounter_id}/frames", post(push))
        .route("/v1/encounters/{encounter_id}/stream", post(push_stream))
        .route("/v1/encounters/{encounter_id}/close", post(close))
        .route("/v1/encounters/{encounter_id}/decisions", get(decisions))
        .route("/v1/encounters/{encounter_id}/events", get(encounter_events))
        .route("/v1/gallery", get(gallery).delete(empty_gallery))
        .route("/v1/gallery/search", post(search))
        .route("/v1/gallery/fillers", put(fillers::fill))
        .route("/v1/gallery/references/{reference_id}", put(enrol).get(reference).delete(remove))
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(service.clone(), guard))
        // Below the guard's layer: the one route without a token.
        .route("/v1/health", get(health))
        .layer(from_fn_with_state(service.clone(), count))
        .with_state(service)
}

async fn count(State(service): Shared, path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let route = path.as_ref().map_or("unknown", MatchedPath::as_str);
    service.core.metrics.request(route, response.status().as_u16());
    response
}

async fn unknown_route() -> Refusal {
    refuse("unknown-route", "the API's description is at /v1/openapi.json")
}

async fn wrong_method() -> Refusal {
    refuse("wrong-method", "the API's description at /v1/openapi.json says which it takes")
}

/// An id from a path.
fn id<'a>(what: &str, text: &'a str) -> Result<&'a str, Refusal> {
    check_id(what, text).map(|()| text).map_err(|detail| refuse("bad-id", detail))
}

fn encounter(service: &Service, text: &str) -> Result<Arc<Cell>, Refusal> {
    service.encounters.get(id("encounter_id", text)?)
}

fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Refusal> {
    query.map(|Query(value)| value).map_err(|e| refuse("bad-query", e.body_text()))
}

/// Whether the service lives.
#[utoipa::path(get, path = "/v1/health", tag = "service", security(()), responses((status = 200, body = Status)))]
pub(super) async fn health() -> Json<Status> {
    Json(Status { status: "ok".to_string() })
}

/// Whether it opens encounters, and the models that it has loaded.
#[utoipa::path(get, path = "/v1/ready", tag = "service", responses(
    (status = 200, body = Readiness),
    (status = 503, description = "It is shutting down", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn ready(State(service): Shared) -> Result<Json<Readiness>, Refusal> {
    if service.encounters.finishing() {
        return Err(refuse("shutting-down", "no encounter is opened any more"));
    }
    Ok(Json(service.readiness.clone()))
}

/// What is running: models, threshold, quality rule.
#[utoipa::path(get, path = "/v1/stack", tag = "service", responses((status = 200, body = StackInfo)))]
pub(super) async fn stack(State(service): Shared) -> Json<StackInfo> {
    Json(service.info.clone())
}

/// Counts and times in Prometheus' text format.
#[utoipa::path(get, path = "/v1/metrics", tag = "service", responses(
    (status = 200, body = String, content_type = "text/plain; version=0.0.4"),
))]
pub(super) async fn metrics(State(service): Shared) -> Response {
    let page = blocking({
        let service = service.clone();
        move || service.core.metrics.render(&service.levels(), service.core.gallery.times())
    });
    match page.await {
        Ok(page) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], page).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// This description.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "service", responses((status = 200, body = Object)))]
pub(super) async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi::text()).into_response()
}

/// Opens an encounter: a vehicle has triggered the lane.
///
/// The client chooses the id. 409 when there is an encounter of this id, open or decided and not yet forgotten.
#[utoipa::path(put, path = "/v1/encounters/{encounter_id}", tag = "encounters",
    params(("encounter_id" = String, Path, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")),
    responses(
        (status = 201, body = EncounterInfo),
        (status = 409, description = "encounter-exists", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "busy: as many are open as may be", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 503, description = "shutting-down", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn open(
    State(service): Shared,
    Path(encounter_id): Path<String>,
) -> Result<(StatusCode, Json<EncounterInfo>), Refusal> {
    let cell = service.encounters.open(&service.core, id("encounter_id", &encounter_id)?)?;
    Ok((StatusCode::CREATED, Json(cell.info())))
}

/// How an encounter stands.
#[utoipa::path(get, path = "/v1/encounters/{encounter_id}", tag = "encounters",
    params(("encounter_id" = String, Path)),
    responses(
        (status = 200, body = EncounterInfo),
        (status = 404, description = "unknown-encounter", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn look_up(
    State(service): Shared,
    Path(encounter_id): Path<String>,
) -> Result<Json<EncounterInfo>, Refusal> {
    Ok(Json(encounter(&service, &encounter_id)?.info()))
}

/// Gives an encounter up, or forgets its decisions.
#[utoipa::path(delete, path = "/v1/encounters/{encounter_id}", tag = "encounters",
    params(("encounter_id" = String, Path)),
    responses(
        (status = 204, description = "Forgotten"),
        (status = 404, description = "unknown-encounter", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn give_up(State(service): Shared, Path(encounter_id): Path<String>) -> Result<StatusCode, Refusal> {
    service.encounters.forget(&service.core, id("encounter_id", &encounter_id)?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hands over one frame; the answer steers the cameras.
///
/// The body is the picture. The answer comes when the frame has been looked at and its turn has come. A frame that was
/// refused as undecodable, too-many-pixels or failed has taken its place in the sequence; any other refusal leaves the
/// place free. Sending a frame again at the same place gives the same answer: a client may repeat what it got no answer to.
#[utoipa::path(post, path = "/v1/encounters/{encounter_id}/frames", tag = "encounters",
    params(("encounter_id" = String, Path), FrameQuery),
    request_body(content(
        (PictureBytes = "image/jpeg"), (PictureBytes = "image/png"),
        (PictureBytes = "application/vnd.lane-stack.mono8"), (PictureBytes = "application/vnd.lane-stack.rgb8"),
    ), description = "JPEG or PNG file; or raw pixels, rows from the top without padding, one byte of luminance or three of \
        red, green, blue each, with width_px and height_px"),
    responses(
        (status = 200, body = FrameAnswer),
        (status = 409, description = "not-open, sequence-taken, exposure-taken, too-many-frames", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "too-large, too-many-pixels", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "undecodable", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "busy: as many frames are under way as may be", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 503, description = "not-yet: frames before it are missing, or work is slow", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds"))),
    ))]
pub(super) async fn push(
    State(service): Shared,
    Path(encounter_id): Path<String>,
    about: Result<Query<FrameQuery>, QueryRejection>,
    headers: HeaderMap,
    mut body: Body,
) -> Result<Json<FrameAnswer>, Refusal> {
    let core = &service.core;
    let checked = || {
        let cell = encounter(&service, &encounter_id)?;
        let about = query(about)?;
        let encoding = intake::check_query(&about, intake::content_type(&headers))?;
        let promised = intake::promised_bytes(&headers, core.limits.max_frame_bytes)?;
        let waited_for = about.sequence.is_some_and(|sequence| cell.waits_for(sequence));
        let room = intake::room(core, Some(cell.room()), promised, waited_for)?;
        Ok((cell, about, encoding, room))
    };
    let (cell, about, encoding, mut room) = heard(checked(), &mut body, &service).await?;
    let bytes = intake::read(body, core.limits.max_frame_bytes, core.limits.receive).await?;
    room.iter_mut().for_each(|r| r.shrink(bytes.len() as u64));
    let sequence = about.sequence;
    let sent = intake::sent(about, encoding, bytes, core.limits.max_frame_pixels);
    let receiver = cell.admit(core, sent, sequence, room)?;
    stream::answered(receiver, core.limits.answer).await.map(Json)
}

/// Lets a client that is refused before its body is read finish sending, so that it reads why.
async fn heard<T>(checked: Result<T, Refusal>, body: &mut Body, service: &Service) -> Result<T, Refusal> {
    if checked.is_err() {
        let limits = &service.core.limits;
        intake::skim(std::mem::take(body), limits.max_frame_bytes, limits.receive).await;
    }
    checked
}

/// Hands over frames one after the other in one request; the answers come while it goes on.
///
/// The body is, for each frame, a line of JSON (StreamedFrame) ended by a line feed, and after it as many bytes as it
/// says. The answer is a line of JSON (StreamAnswer) for each frame, in the order of the stream. A bad picture costs itself;
/// a line that cannot be read ends the stream. A stream gets no 429: it is not read on while there is no room.
#[utoipa::path(post, path = "/v1/encounters/{encounter_id}/stream", tag = "encounters",
    params(("encounter_id" = String, Path)),
    request_body(content = StreamedFrame, content_type = "application/vnd.lane-stack.frames"),
    responses(
        (status = 200, body = StreamAnswer, content_type = "application/x-ndjson"),
        (status = 404, description = "unknown-encounter", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "unknown-media-type", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn push_stream(
    State(service): Shared,
    Path(encounter_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let cell = encounter(&service, &encounter_id)?;
    if intake::content_type(&headers) != FRAME_STREAM {
        return Err(refuse("unknown-media-type", format!("the content type must be {FRAME_STREAM}")));
    }
    Ok(([(header::CONTENT_TYPE, NDJSON)], stream::frames(service, cell, body)).into_response())
}

/// The vehicle has left: decide.
///
/// Frames that were accepted are looked at first. Closing again gives the same decisions while they are kept.
#[utoipa::path(post, path = "/v1/encounters/{encounter_id}/close", tag = "encounters",
    params(("encounter_id" = String, Path)),
    responses(
        (status = 200, body = Closed),
        (status = 404, description = "unknown-encounter", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "failed: it came to no decision", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "not-yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn close(State(service): Shared, Path(encounter_id): Path<String>) -> Result<Json<Closed>, Refusal> {
    let receiver = encounter(&service, &encounter_id)?.close(&service.core);
    let closed = stream::answered(receiver, service.core.limits.answer).await?;
    Ok(Json(Arc::unwrap_or_clone(closed)))
}

/// The decisions of an encounter that was closed.
#[utoipa::path(get, path = "/v1/encounters/{encounter_id}/decisions", tag = "encounters",
    params(("encounter_id" = String, Path)),
    responses(
        (status = 200, body = Closed),
        (status = 404, description = "unknown-encounter", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not-decided", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn decisions(
    State(service): Shared,
    Path(encounter_id): Path<String>,
) -> Result<Json<Closed>, Refusal> {
    let not_yet = || refuse("not-decided", "close it first");
    let closed = encounter(&service, &encounter_id)?.outcome().ok_or_else(not_yet)??;
    Ok(Json(Arc::unwrap_or_clone(closed)))
}

/// Live events of one encounter as server-sent events; ends with it.
#[utoipa::path(get, path = "/v1/encounters/{encounter_id}/events", tag = "events",
    params(("encounter_id" = String, Path)),
    responses(
        (status = 200, body = crate::api::Event, content_type = "text/event-stream"),
        (status = 404, description = "unknown-encounter", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn encounter_events(
    State(service): Shared,
    Path(encounter_id): Path<String>,
) -> Result<Response, Refusal> {
    let cell = encounter(&service, &encounter_id)?;
    Ok(event_stream(stream::live(&service, Some(cell))?))
}

/// Live events of all encounters as server-sent events.
#[utoipa::path(get, path = "/v1/events", tag = "events",
    responses(
        (status = 200, body = crate::api::Event, content_type = "text/event-stream"),
        (status = 429, description = "busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn all_events(State(service): Shared) -> Result<Response, Refusal> {
    Ok(event_stream(stream::live(&service, None)?))
}

fn event_stream(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// How many references there are.
#[utoipa::path(get, path = "/v1/gallery", tag = "gallery", responses((status = 200, body = GalleryInfo)))]
pub(super) async fn gallery(State(service): Shared) -> Result<Json<GalleryInfo>, Refusal> {
    let references = of_gallery(&service, |gallery| Ok(gallery.len() as u64)).await?;
    Ok(Json(GalleryInfo { references }))
}

/// Takes all references away; how many there were.
#[utoipa::path(delete, path = "/v1/gallery", tag = "gallery", responses((status = 200, body = GalleryInfo)))]
pub(super) async fn empty_gallery(State(service): Shared) -> Result<Json<GalleryInfo>, Refusal> {
    let references = of_gallery(&service, |gallery| Ok(gallery.delete_all()? as u64)).await?;
    Ok(Json(GalleryInfo { references }))
}

/// What the gallery holds of a person.
#[utoipa::path(get, path = "/v1/gallery/references/{reference_id}", tag = "gallery",
    params(("reference_id" = String, Path)),
    responses(
        (status = 200, body = Reference),
        (status = 404, description = "unknown-reference", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn reference(
    State(service): Shared,
    Path(reference_id): Path<String>,
) -> Result<Json<Reference>, Refusal> {
    id("reference_id", &reference_id)?;
    let asked = reference_id.clone();
    let held = of_gallery(&service, move |gallery| gallery.look_up(&asked)).await?;
    Ok(Json(Reference { reference_id, pictures: held.into_iter().map(ReferencePicture::from).collect() }))
}

/// Takes all references of a person away. With a gallery on disk they are erased from it before the answer.
#[utoipa::path(delete, path = "/v1/gallery/references/{reference_id}", tag = "gallery",
    params(("reference_id" = String, Path)),
    responses(
        (status = 204, description = "Taken away"),
        (status = 404, description = "unknown-reference", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "gallery-disk", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn remove(State(service): Shared, Path(reference_id): Path<String>) -> Result<StatusCode, Refusal> {
    id("reference_id", &reference_id)?;
    let asked = reference_id.clone();
    of_gallery(&service, move |gallery| gallery.delete(&asked)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Width and height of a raw picture.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SizeQuery {
    /// Width of a raw picture, pixels.
    width_px: Option<u32>,
    /// Height of a raw picture, pixels.
    height_px: Option<u32>,
}

/// Enrols a reference picture: its largest face. One of the same id and kind is replaced.
#[utoipa::path(put, path = "/v1/gallery/references/{reference_id}", tag = "gallery",
    params(("reference_id" = String, Path, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"), EnrolQuery),
    request_body(content((PictureBytes = "image/jpeg"), (PictureBytes = "image/png"),
        (PictureBytes = "application/vnd.lane-stack.mono8"), (PictureBytes = "application/vnd.lane-stack.rgb8"))),
    responses(
        (status = 200, description = "Replaced", body = Reference),
        (status = 201, description = "Added", body = Reference),
        (status = 404, description = "unknown-encounter", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "gallery-refused: the policy does not keep it, and no encounter is named; not-open: \
            that encounter has decided", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "too-large, too-many-pixels", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "undecodable, no-face", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "busy", body = Problem, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 507, description = "gallery-disk", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn enrol(
    State(service): Shared,
    Path(reference_id): Path<String>,
    about: Result<Query<EnrolQuery>, QueryRejection>,
    headers: HeaderMap,
    mut body: Body,
) -> Result<(StatusCode, Json<Reference>), Refusal> {
    let checked = || {
        id("reference_id", &reference_id)?;
        let EnrolQuery { kind, class, encounter_id, width_px, height_px } = query(about)?;
        let cell = encounter_id.as_deref().map(|text| encounter(&service, text)).transpose()?;
        cell.as_ref().map_or(Ok(()), |cell| cell.takes_references())?;
        let plain = Enrolment::passport(&reference_id);
        let new = Enrolment {
            kind: kind.unwrap_or(plain.kind),
            class: class.unwrap_or(plain.class),
            encounter: encounter_id,
            ..plain
        };
        check_class(&new.class).map_err(|reason| refuse("bad-query", reason))?;
        Ok((cell, new, [width_px, height_px]))
    };
    let (cell, new, size_px) = heard(checked(), &mut body, &service).await?;
    let core = service.core.clone();
    let (status, picture) = with_picture(&service, Ok(size_px), headers, body, move |engine, picture| {
        let template = engine.enrolment(&new.reference_id, picture)?;
        let (kind, class) = (new.kind, new.class.clone());
        let enrolled = core.gallery.ask(|references| references.enrol(new, template))?;
        // It may have decided meanwhile. What the policy keeps does not end with it.
        if enrolled.until.is_none()
            && let Some(cell) = &cell
            && let Err(refusal) = cell.takes_references()
        {
            core.gallery.forget(cell.id());
            return Err(refusal);
        }
        let status = if enrolled.replaced { StatusCode::OK } else { StatusCode::CREATED };
        Ok((status, ReferencePicture::from(Held { kind, class, until: enrolled.until })))
    })
    .await?;
    Ok((status, Json(Reference { reference_id, pictures: vec![picture] })))
}

/// Finds the references most like the largest face of a picture. Nothing is kept.
#[utoipa::path(post, path = "/v1/gallery/search", tag = "gallery",
    params(SizeQuery),
    request_body(content((PictureBytes = "image/jpeg"), (PictureBytes = "image/png"),
        (PictureBytes = "application/vnd.lane-stack.mono8"), (PictureBytes = "application/vnd.lane-stack.rgb8"))),
    responses(
        (status = 200, body = Found),
        (status = 413, description = "too-large, too-many-pixels", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "undecodable, no-face", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "busy", body = Problem, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    ))]
pub(super) async fn search(
    State(service): Shared,
    size: Result<Query<SizeQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Found>, Refusal> {
    let core = service.core.clone();
    let size = query(size).map(|SizeQuery { width_px, height_px }| [width_px, height_px]);
    let found = with_picture(&service, size, headers, body, move |engine, picture| {
        let template = engine.enrolment("probe", picture)?;
        let (candidates, matched) = core.identify(engine.match_threshold(), &[&template])?.pop().unwrap_or_default();
        Ok(Found { candidates, matched })
    });
    found.await.map(Json)
}

/// Reads a picture that belongs to no encounter, and has a worker do something with it.
async fn with_picture<T: Send + 'static>(
    service: &Arc<Service>,
    size_px: Result<[Option<u32>; 2], Refusal>,
    headers: HeaderMap,
    mut body: Body,
    work: impl FnOnce(&mut Engine, &Frame) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let core = &service.core;
    let checked = size_px.and_then(|size_px| {
        let encoding = intake::encoding(intake::content_type(&headers), size_px)?;
        let promised = intake::promised_bytes(&headers, core.limits.max_frame_bytes)?;
        Ok((encoding, intake::room(core, None, promised, false)?))
    });
    let (encoding, mut room) = heard(checked, &mut body, service).await?;
    let bytes = intake::read(body, core.limits.max_frame_bytes, core.limits.receive).await?;
    room.iter_mut().for_each(|r| r.shrink(bytes.len() as u64));
    // As the in-process stack is given reference pictures: they are of no exposure.
    let camera_id = "reference".to_string();
    let picture =
        Frame { exposure_id: 0, camera_id, mid_exposure_us: 0, exposure_us: 0.0, gain_db: 0.0, encoding, bytes };
    intake::check_pixels(&picture, core.limits.max_frame_pixels)?;
    let (sender, receiver) = oneshot::channel();
    core.pool.push(move |engine| {
        let done = super::pool::guarded(|| work(engine, &picture));
        drop(room);
        sender.send(done).ok();
    });
    stream::answered(receiver, core.limits.answer).await
}

/// Asks the gallery on a thread that may wait.
pub(super) async fn of_gallery<T: Send + 'static>(
    service: &Arc<Service>,
    ask: impl FnOnce(&mut dyn References) -> Result<T, GalleryError> + Send + 'static,
) -> Result<T, Refusal> {
    let gallery = service.core.gallery.clone();
    Ok(blocking(move || gallery.ask(ask)).await??)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|_| refuse("failed", "a defect of the program, see its log"))
}
