"""The stack itself, whichever door it is spoken to through: a gallery, and encounters whose faces it follows."""

from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np

from models import WORKING_WIDTH_PX, Detector, Embedder, Face, Floats, Picture, unit
from quality import Quality, Rule, measure

VERSION = "1.0"
MAX_GAP_US = 1_500_000
"""A face that was not seen for longer is a new one."""
MIN_OVERLAP = 0.2
"""Least intersection over union of a face's boxes in two frames."""
SHOTS = 3
"""Best shots of a face whose mean embedding is matched."""
CANDIDATES = 10
MAX_SIDE_PX = 16_384
ENDS = {"jpeg": (b"\xff\xd8\xff", b"\xff\xd9"), "png": (b"\x89PNG", b"IEND\xaeB`\x82")}
"""What files of a kind begin and end with."""


class RefusedError(Exception):
    """What the stack does not do, and why. `kind` is that of the JSON-lines protocol."""

    def __init__(self, kind: str, reason: str, model: str | None = None) -> None:
        super().__init__(reason)
        self.kind, self.reason, self.model = kind, reason, model


@dataclass(frozen=True)
class Frame:
    """What is said of a picture beside its bytes."""

    camera_id: str
    exposure_id: int
    mid_exposure_us: int
    encoding: str
    """jpeg, png, mono8 or rgb8."""
    size_px: tuple[int, int] | None = None
    """Width and height of raw bytes."""


def decode(frame: Frame, data: bytes) -> Picture:
    """The picture of a frame."""
    if frame.encoding in ENDS:
        # OpenCV fills up files that are cut off, and reads other kinds than the one that was said.
        begin, end = ENDS[frame.encoding]
        whole = data.startswith(begin) and data.rstrip(b"\0").endswith(end)
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if whole else None
        if picture is None:
            raise RefusedError("undecodable", f"not a sound {frame.encoding.upper()} file")
        return np.asarray(picture, np.uint8)
    channels = {"mono8": 1, "rgb8": 3}.get(frame.encoding)
    if channels is None or frame.size_px is None:
        raise RefusedError("undecodable", f"the encoding {frame.encoding} is not known, or has no size")
    width, height = frame.size_px
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX) or len(data) != width * height * channels:
        raise RefusedError("undecodable", f"{len(data)} bytes are not {width} x {height} pixels of {channels} each")
    pixels = np.frombuffer(data, np.uint8).reshape(height, width, channels)
    return np.ascontiguousarray(np.repeat(pixels, 3, axis=2) if channels == 1 else pixels[:, :, ::-1])


@dataclass
class Shot:
    """One of the better pictures of a face."""

    detection: dict[str, Any]
    broken: list[str]
    crop: Picture

    @property
    def rank(self) -> tuple[bool, float]:
        """Those that keep the rule come first."""
        return not self.broken, float(self.detection["quality"]["overall"])


@dataclass
class Track:
    """A face of one camera over its frames."""

    box_px: Floats
    seen_us: int
    shots: list[Shot] = field(default_factory=list)

    def keep(self, shot: Shot) -> None:
        """Keeps a shot if it is among the best; of equals the earlier one."""
        self.shots = sorted([*self.shots, shot], key=lambda s: s.rank, reverse=True)[:SHOTS]


def overlap(a: Floats, b: Floats) -> float:
    """Intersection over union of two boxes."""
    size = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None)
    both = float(size.prod())
    either = float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()) - both
    return both / either if either > 0 else 0.0


class Encounter:
    """What was seen of one vehicle."""

    def __init__(self) -> None:
        self.detections: list[dict[str, Any]] = []
        self.tracks: list[tuple[str, Track]] = []

    def follow(self, camera_id: str, time_us: int, faces: list[Face]) -> list[int]:
        """The track of each face, by the greatest overlap with where a track was seen last; or a new one."""
        alive = [
            (index, track)
            for index, (camera, track) in enumerate(self.tracks)
            if camera == camera_id and 0 <= time_us - track.seen_us <= MAX_GAP_US
        ]
        pairs = [(overlap(track.box_px, face.box_px), i, f) for i, track in alive for f, face in enumerate(faces)]
        found: dict[int, int] = {}
        for share, index, f in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
            if share >= MIN_OVERLAP and f not in found and index not in found.values():
                found[f] = index
        indices = []
        for f, face in enumerate(faces):
            index = found.get(f, len(self.tracks))
            if index == len(self.tracks):
                self.tracks.append((camera_id, Track(face.box_px, time_us)))
            track = self.tracks[index][1]
            track.box_px, track.seen_us = face.box_px, time_us
            indices.append(index)
        return indices


class Stack:
    """Models, gallery, and the rule of a valid capture. Not to be used by two threads at a time."""

    def __init__(self, detector: Detector, embedder: Embedder, rule: Rule | None = None) -> None:
        self.detector, self.embedder, self.rule = detector, embedder, rule or Rule()
        self.gallery: dict[str, Floats] = {}

    def about(self) -> list[tuple[str, str]]:
        """What it is, for the head of a report."""
        cards = {"detector": self.detector.card, "embedder": self.embedder.card}
        lines = [("stack", f"python-stack {VERSION}, OpenCV {cv2.__version__}")]
        lines += [(kind, card.describe()) for kind, card in cards.items()]
        lines.append(("match threshold", str(self.embedder.threshold)))
        # Reports mark numbers that were made so.
        return [*lines, ("in_domain", "true")] if any(card.in_domain for card in cards.values()) else lines

    def enrol(self, reference_id: str, frame: Frame, data: bytes) -> None:
        """Adds a reference picture to the gallery, in place of an earlier one of the id."""
        picture = decode(frame, data)
        # A portrait may be all face, larger than the detector likes: the surest of looks at several sizes counts.
        widest = min(picture.shape[1], WORKING_WIDTH_PX)
        looks = [self._find(picture, max(1, widest // divisor)) for divisor in (1, 2, 4)]
        largest = [max(faces, key=lambda face: face.area_px) for faces in looks if faces]
        surest = max(largest, key=lambda face: face.score, default=None)
        crop = None if surest is None else self.embedder.align(picture, surest.landmarks_px)
        if crop is None:
            raise RefusedError("no-face", "no face is found; the picture must show one, upright and from the front")
        self.gallery[reference_id] = self._template([crop])

    def push(self, encounter: Encounter, frame: Frame, data: bytes) -> int:
        """Looks at a frame; how many faces there are."""
        picture = decode(frame, data)
        measured = [(face, measure(picture, face.landmarks_px)) for face in self._find(picture, WORKING_WIDTH_PX)]
        faces = [(face, quality) for face, quality in measured if quality is not None]
        indices = encounter.follow(frame.camera_id, frame.mid_exposure_us, [face for face, _ in faces])
        for (face, quality), index in zip(faces, indices, strict=True):
            detection = as_detection(frame, face, quality, index)
            encounter.detections.append(detection)
            crop = self.embedder.align(picture, face.landmarks_px)
            if crop is not None:
                encounter.tracks[index][1].keep(Shot(detection, self.rule.broken(face.score, quality), crop))
        return len(faces)

    def decide(self, encounter: Encounter) -> dict[str, Any]:
        """The decisions about a vehicle: every detection, and one best shot per track."""
        tracks = [track for _, track in encounter.tracks if track.shots]
        return {"detections": encounter.detections, "best_shots": [self._best_shot(track) for track in tracks]}

    def _best_shot(self, track: Track) -> dict[str, Any]:
        best = track.shots[0]
        # A shot that breaks the rule would spoil the mean of those that keep it.
        used = [shot for shot in track.shots if not shot.broken] or track.shots
        candidates = self.search(self._template([shot.crop for shot in used]))
        first = candidates[0] if candidates else None
        matched = first["reference_id"] if first and first["similarity"] >= self.embedder.threshold else None
        reason = ", ".join(best.broken) or "keeps every bound of the quality rule"
        return {
            "detection": best.detection,
            "valid": not best.broken,
            "reason": reason,
            "candidates": candidates,
            "matched": matched,
        }

    def search(self, template: Floats) -> list[dict[str, Any]]:
        """The references that are most alike, best first."""
        scored = [(float(template @ reference), name) for name, reference in self.gallery.items()]
        scored.sort(key=lambda s: (-s[0], s[1]))
        return [{"reference_id": name, "similarity": cosine} for cosine, name in scored[:CANDIDATES]]

    def _find(self, picture: Picture, width_px: int) -> list[Face]:
        try:
            return self.detector.find(picture, width_px)
        except cv2.error as error:
            raise RefusedError("failed", str(error), self.detector.card.name) from error

    def _template(self, crops: list[Picture]) -> Floats:
        """The mean embedding of aligned faces of one person, unit length."""
        try:
            return unit(np.sum([self.embedder.embed(crop) for crop in crops], axis=0))
        except Exception as error:  # ONNX Runtime has no exception of its own in common.
            raise RefusedError("failed", str(error), self.embedder.card.name) from error


def as_detection(frame: Frame, face: Face, quality: Quality, track_id: int) -> dict[str, Any]:
    """A face as the interface carries it."""
    return {
        "exposure_id": frame.exposure_id,
        "camera_id": frame.camera_id,
        "box_px": [float(v) for v in face.box_px],
        "landmarks_px": [[float(x), float(y)] for x, y in face.landmarks_px],
        "score": face.score,
        "quality": asdict(quality),
        "track_id": track_id,
    }
