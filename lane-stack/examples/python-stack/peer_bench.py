"""The parts of this stack timed over a folder of frames; started by compare.py, as lane-stack's own example `peer` is.

Each line of standard input is a round: for each frame decode, prepare, detect; for each of its faces measure, align,
embed; and what was seen as JSON. The answer is a line of JSON. One thread, one picture at a time.

`--detector opencv` is the stack as it is: cv2.FaceDetectorYN, of which preparing, inference and reading cannot be told
apart. `--detector onnxruntime` runs the same file under ONNX Runtime, as lane-stack does.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from lane import Frame, as_detection, decode
from models import WORKING_WIDTH_PX, Card, Detector, Embedder, Face, Floats, Picture, chosen_card, unit
from quality import measure

PARTS = (
    "decode",
    "detector_prepare",
    "detector_inference",
    "detector_faces",
    "quality",
    "align",
    "embedder_prepare",
    "embedder_inference",
    "hand_over",
    "rest",
)


class Watch:
    """Milliseconds of each part that this thread had a processor: what others do meanwhile does not count."""

    def __init__(self) -> None:
        self.total_ms = dict.fromkeys(PARTS, 0.0)
        self._last = time.thread_time()

    def lap(self, part: str) -> None:
        """Counts the time since the last call as this part's."""
        now = time.thread_time()
        self.total_ms[part] += (now - self._last) * 1e3
        self._last = now


@dataclass(frozen=True)
class Level:
    """One stride of a YuNet for one size of input."""

    stride_px: int
    names: tuple[str, ...]
    corners_px: Floats


class OnnxDetector:
    """YuNet under ONNX Runtime; pictures are prepared and faces read in numpy and OpenCV."""

    def __init__(self, card: Card) -> None:
        decoder = card.values["decoder"]
        self.card = card
        self._input = str(card.values["input"]["name"])
        self._step = int(card.values["input"]["multiple_of_px"])
        self._swap = card.values["input"]["colour_order"] == "rgb"
        self._strides = [int(s) for s in decoder["strides"]]
        self._least, self._overlap = float(decoder["score_threshold"]), float(decoder["nms_iou"])
        if card.values["input"]["mean"] != [0, 0, 0] or card.values["input"]["scale"] != [1, 1, 1]:
            raise SystemExit(f"{card.name}: the comparison knows no mean or scale of detectors")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(card.path, options, providers=["CPUExecutionProvider"])
        kinds = ("cls", "obj", "bbox", "kps")
        self._names = [tuple(f"{kind}_{stride}" for kind in kinds) for stride in self._strides]
        self._levels: dict[tuple[int, int], list[Level]] = {}

    def prepare(self, picture: Picture) -> tuple[Floats, Floats]:
        """The input, and how many pixels of the picture one of its pixels is."""
        height, width = picture.shape[:2]
        scale = min(1.0, WORKING_WIDTH_PX / width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = picture if size == (width, height) else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        right, bottom = -size[0] % self._step, -size[1] % self._step
        if right or bottom:
            small = cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        grow = np.array([width / size[0], height / size[1]], np.float32)
        # Ten times as fast as cv2.dnn.blobFromImage at this size.
        tensor = np.empty((1, 3, *small.shape[:2]), np.float32)
        for plane, values in zip(tensor[0], self._planes(small), strict=True):
            plane[:] = values
        return tensor, grow

    def _planes(self, picture: Picture) -> list[Picture]:
        planes = list(cv2.split(picture))
        return planes[::-1] if self._swap else planes

    def infer(self, tensor: Floats) -> dict[str, Floats]:
        """Runs the model."""
        names = [name for level in self._names for name in level]
        return dict(zip(names, self._session.run(names, {self._input: tensor}), strict=True))

    def faces(self, tensor: Floats, outputs: dict[str, Floats], grow: Floats) -> list[Face]:
        """All faces, strongest first."""
        height, width = tensor.shape[2:]
        boxes, points, scores = [], [], []
        for level in self._of_size(width, height):
            cls, obj, bbox, kps = (outputs[name][0] for name in level.names)
            score = np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1)
            at = np.flatnonzero(score >= self._least)
            if at.size == 0:
                continue
            anchors, stride = level.corners_px[at], level.stride_px
            middle = bbox[at, :2] * stride + anchors
            half = np.exp(bbox[at, 2:]) * (stride / 2)
            boxes.append(np.hstack([middle - half, middle + half]))
            points.append(kps[at].reshape(-1, 5, 2) * stride + anchors[:, None])
            scores.append(score[at])
        if not boxes:
            return []
        box, point, score = np.concatenate(boxes), np.concatenate(points), np.concatenate(scores)
        as_size = np.hstack([box[:, :2], box[:, 2:] - box[:, :2]])
        kept = np.asarray(cv2.dnn.NMSBoxes(as_size.tolist(), score.tolist(), self._least, self._overlap)).reshape(-1)
        box = (box.reshape(-1, 2, 2) * grow).reshape(-1, 4)
        point = (point + 0.5) * grow - 0.5
        return [Face(box[i], point[i], float(score[i])) for i in kept]

    def _of_size(self, width: int, height: int) -> list[Level]:
        """Anchors only change with the cameras."""
        if (width, height) not in self._levels:
            levels = []
            for stride, names in zip(self._strides, self._names, strict=True):
                y, x = np.mgrid[: height // stride, : width // stride].astype(np.float32) * stride
                levels.append(Level(stride, names, np.stack([x.reshape(-1), y.reshape(-1)], axis=1)))
            self._levels[(width, height)] = levels
        return self._levels[(width, height)]


class Bench:
    """Both models and the pictures."""

    def __init__(self, models: Path, frames: list[bytes], detector: str) -> None:
        card = Card.read(chosen_card("detector", None, models), models, "detector")
        self.opencv = Detector(card) if detector == "opencv" else None
        self.onnx = OnnxDetector(card) if detector == "onnxruntime" else None
        self.embedder = Embedder(Card.read(chosen_card("embedder", None, models), models, "embedder"))
        self.shas = [card.sha256, self.embedder.card.sha256]
        self.frames = frames

    def find(self, picture: Picture, watch: Watch) -> list[Face]:
        """The faces of a picture."""
        if self.opencv is not None:
            found = self.opencv.find(picture)
            watch.lap("detector_inference")
            return found
        assert self.onnx is not None
        tensor, grow = self.onnx.prepare(picture)
        watch.lap("detector_prepare")
        outputs = self.onnx.infer(tensor)
        watch.lap("detector_inference")
        found = self.onnx.faces(tensor, outputs, grow)
        watch.lap("detector_faces")
        return found

    def round(self) -> dict[str, Any]:
        """Looks at every frame once."""
        watch, faces_of, embedding_sum = Watch(), [], 0.0
        for exposure_id, data in enumerate(self.frames):
            frame = Frame("front", exposure_id, 0, "jpeg")
            watch.lap("rest")
            picture = decode(frame, data)
            watch.lap("decode")
            detections = []
            for face in self.find(picture, watch):
                quality = measure(picture, face.landmarks_px)
                watch.lap("quality")
                crop = self.embedder.align(picture, face.landmarks_px)
                watch.lap("align")
                if quality is None or crop is None:
                    continue
                tensor = self.embedder.tensor(crop)
                watch.lap("embedder_prepare")
                embedding = unit(self.embedder.infer(tensor))
                watch.lap("embedder_inference")
                embedding_sum += float(embedding[0])
                detections.append((face, quality))
            watch.lap("rest")
            said = [as_detection(frame, face, quality, 0) for face, quality in detections]
            json.dumps(said, allow_nan=False).encode()
            watch.lap("hand_over")
            faces_of.append(len(detections))
        watch.lap("rest")
        return {
            "stack": f"python-stack, OpenCV {cv2.__version__}, numpy {np.__version__}",
            "onnxruntime": onnxruntime.get_build_info(),
            "models": self.shas,
            "ms": watch.total_ms,
            "faces_of": faces_of,
            "embedding_sum": embedding_sum,
        }


def main() -> None:
    """Answers rounds until there are no more."""
    parser = argparse.ArgumentParser(description="times the parts of the stack in Python")
    parser.add_argument("models", type=Path)
    parser.add_argument("frames", type=Path)
    parser.add_argument("--detector", choices=["opencv", "onnxruntime"], default="opencv")
    options = parser.parse_args()
    frames = [path.read_bytes() for path in sorted(options.frames.glob("*.jpg"))]
    bench = Bench(options.models, frames, options.detector)
    for _ in sys.stdin:
        print(json.dumps(bench.round()), flush=True)


if __name__ == "__main__":
    main()
