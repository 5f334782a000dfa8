//! A stream of frames read as the service reads it, without an encounter that takes them in; see [`crate::fuzzing`].
use super::intake;
use super::stream::{Announced, Reader};
use crate::client::FrameEncoding;
use crate::fuzzing;
use axum::body::Body;
use bytes::Bytes;
use http_body::Frame as BodyFrame;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Longest frame, bytes.
const MAX_FRAME_BYTES: u64 = 1 << 16;
/// Most pixels of a frame.
const MAX_FRAME_PIXELS: u64 = 1 << 16;
/// Nothing is waited for: the bytes are there.
const SOON: Duration = Duration::from_secs(60);

/// A body that arrives in parts of a size.
struct Parts {
    left: Bytes,
    bytes: usize,
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.bytes.min(self.left.len());
        Poll::Ready(Some(Ok(BodyFrame::data(self.left.split_to(length)))))
    }
}

/// What was read of a stream: of each frame its exposure, encoding and length and, where it was refused, the problem; and
/// the problem that the stream ended with.
type Read = (Vec<(u64, FrameEncoding, usize, Option<String>)>, Option<String>);

async fn read(stream: Bytes, part_bytes: usize) -> Read {
    let mut reader = Reader::new(Body::new(Parts { left: stream, bytes: part_bytes }), SOON, SOON);
    let mut frames = Vec::new();
    loop {
        let Announced { length, encoding, about } = match reader.announced(MAX_FRAME_BYTES).await {
            Ok(Some(announced)) => announced,
            Ok(None) => return (frames, None),
            Err(refusal) => return (frames, Some(refusal.problem.kind)),
        };
        let bytes = match reader.exactly(length as usize).await {
            Ok(bytes) => bytes,
            Err(refusal) => return (frames, Some(refusal.problem.kind)),
        };
        assert_eq!(bytes.len() as u64, length, "another number of bytes than was said");
        assert!(about.exposure_us > 0.0 && about.exposure_us.is_finite() && about.gain_db.is_finite());
        let sent = intake::sent(about, encoding, bytes, MAX_FRAME_PIXELS);
        let refused = match &sent.frame {
            Ok(frame) => {
                fuzzing::decode(frame);
                None
            }
            Err(refusal) => Some(refusal.problem.kind.clone()),
        };
        frames.push((sent.exposure_id, encoding, length as usize, refused));
    }
}

/// A stream of frames: the first byte says in how large parts it arrives, which must make no difference.
pub fn frame_stream(bytes: &[u8]) {
    let [part_bytes, rest @ ..] = bytes else { return };
    let stream = Bytes::copy_from_slice(rest);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.unwrap_or_else(|e| panic!("no runtime: {e}"));
    let whole = runtime.block_on(read(stream.clone(), usize::MAX));
    let in_parts = runtime.block_on(read(stream, 1 + usize::from(*part_bytes)));
    assert_eq!(whole, in_parts, "how a stream arrives makes a difference");
}
