"""Training crops and held-out frames for the detector."""

import sys

import cv2
import numpy as np

import yunet
from geometry import MIRROR_ORDER
from manifest import ManifestError
from photometric import degrade

CROP = 320
# Below this visible share a face is neither demanded nor forbidden.
POSITIVE_SHARE = 0.5
# Beyond this turn two of the five landmarks are out of sight.
POSITIVE_YAW_DEG = 75.0
SMALLEST_PX = 9.0


class FrameStore:
    """Frames at the detector's input scale, kept in memory as long as the budget lasts and else decoded on demand."""

    def __init__(self, frames, input_scale=0.5, cache_gb=4.0):
        self.frames = frames
        self.scale = input_scale
        self._budget = cache_gb * 1e9
        self._cache = {}

    def __len__(self):
        return len(self.frames)

    def image(self, index):
        cached = self._cache.get(index)
        if cached is not None:
            return cached
        path = self.frames[index][0]
        half = self.scale == 0.5
        image = cv2.imread(path, cv2.IMREAD_REDUCED_COLOR_2 if half else cv2.IMREAD_COLOR)
        if image is None:
            raise ManifestError(f"{path}: cannot be read as a picture; a JPEG or PNG is right")
        if not half and self.scale != 1.0:
            image = cv2.resize(image, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA)
        if image.nbytes <= self._budget:
            self._budget -= image.nbytes
            self._cache[index] = image
        return image

    def faces(self, index):
        """The frame's faces with box and landmarks in pixels of `image(index)`."""
        return [
            {**face, "box": face["box"] * self.scale, "landmarks": face["landmarks"] * self.scale}
            for face in self.frames[index][1]
        ]

    def preload(self):
        for index in range(len(self)):
            self.image(index)
            if index % 250 == 249:
                print(f"  {index + 1} of {len(self)} frames read", file=sys.stderr, flush=True)


def _trained(face):
    return face["visible_share"] >= POSITIVE_SHARE and abs(face["yaw_deg"]) <= POSITIVE_YAW_DEG


def _choose_window(faces, width, height, rng):
    """(scale, left, top) of a CROP×CROP window: usually around a face brought to a log-uniform size, else anywhere."""
    targets = [f for f in faces if _trained(f)]
    if targets and rng.random() < 0.8:
        x0, y0, x1, y1 = targets[int(rng.integers(len(targets)))]["box"]
        size = max(np.sqrt((x1 - x0) * (y1 - y0)), 1.0)
        wanted = np.exp(rng.uniform(np.log(12.0), np.log(200.0)))
        scale = float(np.clip(wanted / size, 0.5, 2.0))
        at_x, at_y = rng.uniform(0.1, 0.9, size=2) * CROP
        left, top = (x0 + x1) / 2.0 - at_x / scale, (y0 + y1) / 2.0 - at_y / scale
        if rng.random() < 0.8:
            # Mostly stay inside the frame: black surroundings teach little.
            left = np.clip(left, 0.0, max(0.0, width - CROP / scale))
            top = np.clip(top, 0.0, max(0.0, height - CROP / scale))
        return scale, left, top
    scale = float(np.exp(rng.uniform(np.log(0.5), np.log(1.4))))
    side = CROP / scale
    left = rng.uniform(min(0.0, width - side), max(0.0, width - side))
    top = rng.uniform(min(0.0, height - side), max(0.0, height - side))
    return scale, left, top


def _cut(image, scale, left, top):
    """The window resampled to CROP×CROP, black outside the frame; returns it with the exact map parameters."""
    height, width = image.shape[:2]
    side = max(8, int(round(CROP / scale)))
    left, top = int(round(left)), int(round(top))
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    patch = np.zeros((side, side, 3), np.uint8)
    if x1 > x0 and y1 > y0:
        patch[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    shrinking = side > CROP
    crop = cv2.resize(patch, (CROP, CROP), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
    return crop, CROP / side, left, top


def training_crop(store, index, rng):
    """BGR uint8 [CROP, CROP, 3] with its target kind [cells] and values [cells, 14]."""
    image, faces = store.image(index), store.faces(index)
    window = _choose_window(faces, image.shape[1], image.shape[0], rng)
    crop, scale, left, top = _cut(image, *window)
    flip = rng.random() < 0.5
    if flip:
        crop = np.ascontiguousarray(crop[:, ::-1])
    crop = degrade(crop, rng, blur_px=1.5, motion_px=5.0)
    boxes, marks, ignored = [], [], []
    offset = np.array([left, top], np.float64)
    for face in faces:
        box = ((face["box"].reshape(2, 2) - offset) * scale).reshape(4)
        points = (face["landmarks"] - offset) * scale
        inside = np.clip(box, 0.0, CROP)
        area = max((box[2] - box[0]) * (box[3] - box[1]), 1e-6)
        share = (inside[2] - inside[0]) * (inside[3] - inside[1]) / area
        if share <= 0.0:
            continue
        if flip:
            box = np.array([CROP - box[2], box[1], CROP - box[0], box[3]])
            points = points[MIRROR_ORDER] * [-1.0, 1.0] + [CROP, 0.0]
        if _trained(face) and share >= 0.6 and np.sqrt(area) >= SMALLEST_PX:
            boxes.append(box)
            marks.append(points)
        else:
            ignored.append(box)
    kind, values = yunet.assign(CELLS, boxes, marks, ignored)
    return crop, kind, values


CELLS = yunet.anchors(CROP, CROP)


def padded(image, multiple=32):
    """The picture in the top-left corner of a black one whose sides are multiples of `multiple`."""
    height, width = image.shape[:2]
    out = np.zeros((-(-height // multiple) * multiple, -(-width // multiple) * multiple, 3), np.uint8)
    out[:height, :width] = image
    return out


def judged(faces, share=0.7, yaw_deg=60.0, smallest_px=12.0):
    """Truth for `yunet.tally`: which faces count and which may be found or missed."""
    out = []
    for face in faces:
        box = face["box"]
        size = np.sqrt(max((box[2] - box[0]) * (box[3] - box[1]), 0.0))
        counts = face["visible_share"] >= share and abs(face["yaw_deg"]) <= yaw_deg and size >= smallest_px
        out.append((box, face["landmarks"], "count" if counts else "optional"))
    return out


def evaluate(store, indices, infer):
    """`infer(BGR uint8 padded) → dict of [n, C] outputs` over held-out frames → summary."""
    verdicts, found = [], []
    for index in indices:
        image = padded(store.image(index))
        detections = yunet.decode(infer(image), image.shape[0], image.shape[1], threshold=0.05)
        v, f = yunet.tally(detections, judged(store.faces(index)))
        verdicts += v
        found += f
    return yunet.summarise(verdicts, found, len(indices))
