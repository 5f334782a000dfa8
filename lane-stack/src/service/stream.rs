//! Bodies that go on: a stream of frames in with a stream of answers out, and live events.
use super::encounter::{Answer, Cell};
use super::problem::{Refusal, refuse};
use super::{Phase, Service, events, intake};
use crate::api::{Event, FrameQuery, StreamAnswer, StreamedFrame};
use crate::client::FrameEncoding;
use axum::body::Body;
use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Frame as BodyFrame;
use http_body_util::BodyExt as _;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Longest line before a frame, bytes.
const MAX_LINE_BYTES: usize = 4_096;
/// A comment this often keeps a quiet event stream alive, and shows that its listener is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A body of what is sent into a channel.
struct ChannelBody {
    parts: mpsc::Receiver<Bytes>,
}

impl http_body::Body for ChannelBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        self.parts.poll_recv(context).map(|part| part.map(|bytes| Ok(BodyFrame::data(bytes))))
    }
}

/// What a frame of a stream came to, so far.
enum Step {
    /// Taken in.
    Waiting(oneshot::Receiver<Answer>),
    /// Refused before it was.
    Refused(Refusal),
}

/// Takes a stream of frames; the body of its answers, in the order of the frames.
pub fn frames(service: Arc<Service>, cell: Arc<Cell>, body: Body) -> Body {
    let (steps, mut next_step) = mpsc::channel(service.core.limits.max_queued_frames_per_encounter);
    let (lines, parts) = mpsc::channel(1);
    tokio::spawn({
        let service = service.clone();
        async move {
            if let Err(refusal) = take_frames(&service, &cell, body, &steps).await {
                // The answers of the frames before it come first; then the stream ends.
                steps.send(Step::Refused(refusal)).await.ok();
            }
        }
    });
    tokio::spawn(async move {
        while let Some(step) = next_step.recv().await {
            let answer = match step {
                Step::Waiting(receiver) => answered(receiver, service.core.limits.answer).await,
                Step::Refused(refusal) => Err(refusal),
            };
            let line = match answer {
                Ok(answer) => StreamAnswer::Frame(answer),
                Err(Refusal { problem, .. }) => StreamAnswer::Problem(*problem),
            };
            let mut text = serde_json::to_vec(&line).unwrap_or_default();
            text.push(b'\n');
            if lines.send(text.into()).await.is_err() {
                // Nobody reads the answers; what was taken in is looked at all the same.
                return;
            }
        }
    });
    Body::new(ChannelBody { parts })
}

/// Waits for the answer to a frame, so long.
pub async fn answered<T>(receiver: oneshot::Receiver<Result<T, Refusal>>, within: Duration) -> Result<T, Refusal> {
    match tokio::time::timeout(within, receiver).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(refuse("failed", "a defect of the program, see its log")),
        Err(_) => {
            let detail = format!("not within {} s; it goes on, ask again in the same words", within.as_secs());
            Err(refuse("not-yet", detail).retry_after(1))
        }
    }
}

/// What the line before a frame says, checked.
pub(super) struct Announced {
    /// Number of bytes that follow.
    pub length: u64,
    /// What they are.
    pub encoding: FrameEncoding,
    /// The rest.
    pub about: FrameQuery,
}

/// The bytes of a body, as they come.
pub(super) struct Reader {
    body: Body,
    held: BytesMut,
    /// Time for the next bytes of a frame.
    within: Duration,
    /// Time for the next frame to begin.
    between: Duration,
}

impl Reader {
    /// Of a body that has not been read.
    pub fn new(body: Body, within: Duration, between: Duration) -> Self {
        Self { body, held: BytesMut::new(), within, between }
    }

    /// What the line before the next frame says; `None` at the end of the stream.
    pub async fn announced(&mut self, max_frame_bytes: u64) -> Result<Option<Announced>, Refusal> {
        let Some(line) = self.line().await? else { return Ok(None) };
        let StreamedFrame { content_type, length, about } = StreamedFrame::parse(&line)
            .map_err(|reason| refuse("bad-stream", format!("the line before a frame: {reason}")))?;
        if length > max_frame_bytes {
            let detail = format!("{length} bytes are more than {max_frame_bytes}, which is max_frame_bytes");
            return Err(refuse("too-large", detail));
        }
        let encoding = intake::check_query(&about, &content_type)?;
        Ok(Some(Announced { length, encoding, about }))
    }

    /// Waits for more bytes, so long; false at the end.
    async fn more(&mut self, within: Duration) -> Result<bool, Refusal> {
        let slow = |_| refuse("too-slow", format!("nothing came for {} s", within.as_secs()));
        loop {
            match tokio::time::timeout(within, self.body.frame()).await.map_err(slow)? {
                None => return Ok(false),
                Some(Err(error)) => return Err(refuse("cut-off", error.to_string())),
                Some(Ok(part)) => {
                    let Ok(data) = part.into_data() else { continue };
                    self.held.extend_from_slice(&data);
                    return Ok(true);
                }
            }
        }
    }

    /// The next line without its end; `None` at the end of the stream.
    async fn line(&mut self) -> Result<Option<BytesMut>, Refusal> {
        loop {
            if let Some(at) = self.held.iter().take(MAX_LINE_BYTES).position(|&b| b == b'\n') {
                let line = self.held.split_to(at);
                self.held.advance(1);
                return Ok(Some(line));
            }
            if self.held.len() >= MAX_LINE_BYTES {
                return Err(refuse(
                    "bad-stream",
                    format!("the line before a frame is longer than {MAX_LINE_BYTES} bytes"),
                ));
            }
            let within = if self.held.is_empty() { self.between } else { self.within };
            if !self.more(within).await? {
                let cut = || refuse("cut-off", "the stream ended within the line before a frame");
                return if self.held.is_empty() { Ok(None) } else { Err(cut()) };
            }
        }
    }

    /// So many bytes, each part in time.
    pub async fn exactly(&mut self, length: usize) -> Result<Vec<u8>, Refusal> {
        while self.held.len() < length {
            if !self.more(self.within).await? {
                let detail = format!("the stream ended after {} of {length} bytes of a frame", self.held.len());
                return Err(refuse("cut-off", detail));
            }
        }
        Ok(self.held.split_to(length).to_vec())
    }
}

/// Reads frames until the stream ends, or until what follows cannot be told.
async fn take_frames(
    service: &Service,
    cell: &Arc<Cell>,
    body: Body,
    steps: &mpsc::Sender<Step>,
) -> Result<(), Refusal> {
    let core = &service.core;
    let mut reader = Reader::new(body, core.limits.receive, core.limits.max_idle);
    while let Some(Announced { length, encoding, about }) = reader.announced(core.limits.max_frame_bytes).await? {
        // A stream is not refused for want of room: it is not read on, and its sender waits.
        let room = async { vec![cell.room().wait(length).await, core.room.wait(length).await] };
        let full = |_| {
            core.shed();
            refuse("busy", "no room for the next frame; are the frames before it in this stream?")
        };
        let room = tokio::time::timeout(core.limits.answer, room).await.map_err(full)?;
        let slow =
            |_| refuse("too-slow", format!("a frame's bytes must arrive within {} s", core.limits.receive.as_secs()));
        // All of them: a client that sends a byte now and then would keep its room for ever.
        let bytes =
            tokio::time::timeout(core.limits.receive, reader.exactly(length as usize)).await.map_err(slow)??;
        let sequence = about.sequence;
        let sent = intake::sent(about, encoding, bytes, core.limits.max_frame_pixels);
        let step = match cell.admit(core, sent, sequence, room) {
            Ok(receiver) => Step::Waiting(receiver),
            Err(refusal) => Step::Refused(refusal),
        };
        if steps.send(step).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Live events, of one encounter or of all.
pub fn live(service: &Arc<Service>, encounter: Option<Arc<Cell>>) -> Result<Body, Refusal> {
    let most = service.core.limits.max_listeners;
    let place = service.listeners.reserve(0).ok_or_else(|| {
        service.core.shed();
        refuse("busy", format!("{most} listeners hear events, which is the most")).retry_after(5)
    })?;
    let receiver = service.core.events.listen();
    let (sender, parts) = mpsc::channel(1);
    let mut phase = service.phase.clone();
    tokio::spawn(async move {
        let _place = place;
        tokio::select! {
            () = forward(receiver, encounter, sender) => {}
            _ = phase.wait_for(|p| *p == Phase::Ending) => {}
        }
    });
    Ok(Body::new(ChannelBody { parts }))
}

async fn forward(
    mut receiver: broadcast::Receiver<Arc<Event>>,
    encounter: Option<Arc<Cell>>,
    sender: mpsc::Sender<Bytes>,
) {
    // The answer's head goes out at once, and an encounter that has decided is told of to one who comes late.
    if sender.send(Bytes::from_static(b": live\n\n")).await.is_err() {
        return;
    }
    if encounter.as_ref().is_some_and(|cell| cell.closed_at_s().is_some()) {
        return;
    }
    loop {
        let text = match tokio::time::timeout(HEARTBEAT, events::next(&mut receiver)).await {
            Err(_) => Bytes::from_static(b": still here\n\n"),
            Ok(None) => return,
            Ok(Some(event)) => {
                let about = event.encounter_id();
                if encounter.as_ref().is_some_and(|cell| about.is_some_and(|id| id != cell.id())) {
                    continue;
                }
                let last = encounter.is_some() && matches!(*event, Event::Decided { .. } | Event::Dropped { .. });
                let sent = sender.send(events::as_text(&event).into()).await;
                if last || sent.is_err() {
                    return;
                }
                continue;
            }
        };
        if sender.send(text).await.is_err() {
            return;
        }
    }
}
