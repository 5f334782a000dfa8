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
    """Whether a face is demanded. Those of held-out families are neither demanded nor forbidden."""
    clear = face["visible_share"] >= POSITIVE_SHARE and abs(face["yaw_deg"]) <= POSITIVE_YAW_DEG
    return clear and face.get("legible", True) and not face.get("held_out", False)


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


def _covered(box, by):
    """Share of `box` that `by` covers."""
    lo, hi = np.maximum(box[:2], by[:2]), np.minimum(box[2:], by[2:])
    return np.clip(hi - lo, 0.0, None).prod() / max((box[2:] - box[:2]).prod(), 1e-6)


def _paste(crop, pictures, rng):
    """Lays one studio picture of a face over the crop, brought to a log-uniform size; returns its box and landmarks in
    the crop and the rectangle that it covers. Lane frames hold few people: these teach landmarks on many."""
    face = pictures[int(rng.integers(len(pictures)))]
    path = face["path"]
    picture = cv2.imread(path, cv2.IMREAD_COLOR)
    if picture is None:
        raise ManifestError(f"{path}: cannot be read as a picture; a JPEG or PNG is right")
    box, extent = face["box"], face["box"][2:] - face["box"][:2]
    scale = float(np.exp(rng.uniform(np.log(14.0), np.log(180.0))) / max(np.sqrt(extent.prod()), 1.0))
    # The face with a random margin, within the picture.
    side = np.array(picture.shape[1::-1])
    lo = np.clip(np.floor(box[:2] - extent * rng.uniform(0.1, 0.7, 2)), 0, side - 1).astype(int)
    hi = np.clip(np.ceil(box[2:] + extent * rng.uniform(0.1, 0.7, 2)), lo + 1, side).astype(int)
    size = np.clip(np.rint((hi - lo) * scale), 4, 2 * CROP).astype(int)
    ratio = size / (hi - lo)
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    patch = cv2.resize(picture[lo[1] : hi[1], lo[0] : hi[0]], (int(size[0]), int(size[1])), interpolation=how)
    # Where the face's middle comes to lie: anywhere in the crop.
    middle = ((box[:2] + box[2:]) / 2.0 - lo) * ratio
    corner = np.rint(rng.uniform(0.08, 0.92, 2) * CROP - middle).astype(int)
    a, b = np.maximum(corner, 0), np.minimum(corner + size, CROP)
    if (b <= a).any():
        return None
    part = patch[a[1] - corner[1] : b[1] - corner[1], a[0] - corner[0] : b[0] - corner[0]]
    # A soft border of random width, so that no edge gives a face away.
    mask = np.zeros((CROP, CROP), np.float32)
    soft = rng.uniform(0.0, 0.12) * float(size.min())
    inset = np.minimum(int(soft), (b - a - 1) // 2)
    mask[a[1] + inset[1] : b[1] - inset[1], a[0] + inset[0] : b[0] - inset[0]] = 1.0
    if soft > 0.7:
        mask = cv2.GaussianBlur(mask, (0, 0), soft / 2.0)
    window = (slice(a[1], b[1]), slice(a[0], b[0]))
    share = mask[window][..., None]
    crop[window] = (crop[window] * (1.0 - share) + part * share + 0.5).astype(np.uint8)
    moved = lambda points: (points - lo) * ratio + corner
    return moved(box.reshape(2, 2)).reshape(4), moved(face["landmarks"]), np.concatenate([a, b]).astype(np.float64)


def training_crop(store, index, rng, pictures=()):
    """BGR uint8 [CROP, CROP, 3] with its target kind [cells] and values [cells, 14]. `pictures` are studio faces
    (manifest.read_faces) of which up to three are laid over two crops in three."""
    image, faces = store.image(index), store.faces(index)
    window = _choose_window(faces, image.shape[1], image.shape[0], rng)
    crop, scale, left, top = _cut(image, *window)
    offset = np.array([left, top], np.float64)
    faces = [
        {**f, "box": ((f["box"].reshape(2, 2) - offset) * scale).reshape(4), "landmarks": (f["landmarks"] - offset) * scale}
        for f in faces
    ]
    if pictures and rng.random() < 0.67:
        for _ in range(int(rng.integers(1, 4))):
            pasted = _paste(crop, pictures, rng)
            if pasted is None:
                continue
            box, points, over = pasted
            for face in faces:
                face["visible_share"] *= 1.0 - _covered(face["box"], over)
            faces.append({"box": box, "landmarks": points, "visible_share": 1.0, "yaw_deg": 0.0})
    flip = rng.random() < 0.5
    if flip:
        crop = np.ascontiguousarray(crop[:, ::-1])
    crop = degrade(crop, rng, blur_px=1.5, motion_px=5.0)
    boxes, marks, ignored = [], [], []
    for face in faces:
        box, points = face["box"], face["landmarks"]
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
        clear = face["visible_share"] >= share and abs(face["yaw_deg"]) <= yaw_deg and face.get("legible", True)
        counts = clear and size >= smallest_px
        out.append((box, face["landmarks"], "count" if counts else "optional"))
    return out


def evaluate(store, indices, infer):
    """`infer(BGR uint8 padded) → dict of [n, C] outputs` over held-out frames → summary, with the recall by group of those
    that are found at the score of the summary."""
    verdicts, found, groups = [], [], []
    for index in indices:
        image = padded(store.image(index))
        detections = yunet.decode(infer(image), image.shape[0], image.shape[1], threshold=0.05)
        faces = store.faces(index)
        truth = judged(faces)
        v, f = yunet.tally(detections, truth)
        verdicts += v
        found += f
        counting = [face for face, (_, _, kind) in zip(faces, truth) if kind == "count"]
        groups += [{**face.get("groups", {}), "family": "held-out people" if face.get("held_out") else "other people"}
                   for face in counting]
    summary = yunet.summarise(verdicts, found, len(indices))
    threshold = summary["threshold_at_alarms"]
    hit = np.array([s is not None and s > threshold for s, _ in found], bool)
    by_group = {}
    for kind in ("tone", "sex", "age", "family"):
        for name in sorted({g[kind] for g in groups if kind in g}):
            of = np.array([g.get(kind) == name for g in groups], bool)
            by_group[name] = {"faces": int(of.sum()), "recall": float(hit[of].mean())}
    return {**summary, "groups": by_group}
