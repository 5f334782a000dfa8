"""The two models: OpenCV's YuNet finds faces, an ONNX file under ONNX Runtime tells them apart.

How a file is fed is read from its card (lane-stack/cards/*.toml): pixels, colours, template, thresholds.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]
"""Rows x columns x (blue, green, red)."""

CARDS = Path(__file__).resolve().parents[2] / "cards"
OWN_MODELS = CARDS.with_name("models")
WELL_KNOWN = {"detector": "yunet-n", "embedder": "omz-reid-0095"}
WORKING_WIDTH_PX = 960
"""Pictures that are wider are made smaller for the detector."""

cv2.setNumThreads(1)
# Its new engine says at each model that it picks the processor by itself.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


class SetupError(Exception):
    """A card or a model that cannot be used; for people."""


@dataclass(frozen=True)
class Card:
    """What is known of a model's file."""

    name: str
    path: Path
    sha256: str
    values: dict[str, Any]

    @staticmethod
    def read(card: Path, models: Path, kind: str) -> "Card":
        """Reads a card and checks the file that it describes, which must lie in `models`."""
        try:
            values = tomllib.loads(card.read_text(encoding="utf-8"))
            name, path = str(values["name"]), models / values["file"]
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise SetupError(f"{error.filename}: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise SetupError(f"{card}: {error}") from error
        except KeyError as error:
            raise SetupError(f"{card}: it lacks {error}") from error
        if values.get("kind") != kind:
            raise SetupError(f"{card}: it is a card of kind {values.get('kind')!r}, not {kind!r}")
        if values.get("sha256", sha256) != sha256:
            raise SetupError(f"{path}: its SHA-256 is {sha256}, and not that of {card}")
        return Card(name, path, sha256, values)

    @property
    def in_domain(self) -> bool:
        """Whether the model was trained on pictures like those that it is tested on."""
        return self.values.get("in_domain") is True

    def describe(self) -> str:
        """What a report's head says of it."""
        trained_on = self.values.get("trained_on", "what is not said")
        optimistic = ", in-domain: optimistic" if self.in_domain else ""
        return f"{self.name} sha256 {self.sha256}, trained on {trained_on}{optimistic}"


def chosen_card(kind: str, named: str | None, models: Path) -> Path:
    """The card of a detector or embedder: the one that is named, or that stack.toml in `models` names, or a known one.

    A name stands for a file of that name beside the models, or in lane-stack/cards.
    """
    config = models / "stack.toml"
    if named is None and config.is_file():
        try:
            named = tomllib.loads(config.read_text(encoding="utf-8")).get(kind)
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SetupError(f"{config}: {error}") from error
    name = named or WELL_KNOWN[kind]
    file = name if name.endswith(".toml") else f"{name}.toml"
    found = [path for path in (Path(file), models / file, CARDS / file) if path.is_file()]
    if not found:
        raise SetupError(f"there is no card {file} in {models} or {CARDS}")
    return found[0]


@dataclass(frozen=True)
class Face:
    """A face in pixels of its picture, (0, 0) the middle of the first pixel for landmarks, its corner for the box."""

    box_px: Floats
    """Left, top, right, bottom."""
    landmarks_px: Floats
    """Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner: 5 x 2."""
    score: float

    @property
    def area_px(self) -> float:
        """Area of the box."""
        left, top, right, bottom = self.box_px
        return float((right - left) * (bottom - top))


class Detector:
    """YuNet in OpenCV."""

    def __init__(self, card: Card) -> None:
        decoder = card.values.get("decoder", {})
        if decoder.get("family") != "yunet":
            raise SetupError(f"{card.name} is no YuNet, the one family that cv2.FaceDetectorYN knows")
        self.card = card
        try:
            # OpenCV's score is the root of class score x objectness; the card's threshold, and ours, is of the product.
            threshold, nms_iou = float(decoder["score_threshold"]) ** 0.5, float(decoder["nms_iou"])
            self._model = cv2.FaceDetectorYN.create(str(card.path), "", (64, 64), threshold, nms_iou)
        except KeyError as error:
            raise SetupError(f"the card of {card.name} lacks {error}") from error
        except cv2.error as error:
            raise SetupError(f"{card.path}: {error}") from error

    def find(self, picture: Picture, width_px: int = WORKING_WIDTH_PX) -> list[Face]:
        """All faces of a picture, strongest first, looked for at a width of `width_px` where it is wider."""
        height, width = picture.shape[:2]
        scale = min(1.0, width_px / width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = picture if size == (width, height) else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        self._model.setInputSize(size)
        rows = self._model.detect(small)[1]
        grow = np.array([width / size[0], height / size[1]], dtype=np.float32)
        faces = []
        for row in np.empty((0, 15), np.float32) if rows is None else np.asarray(rows, np.float32):
            corners = np.stack([row[0:2], row[0:2] + row[2:4]]) * grow
            landmarks = (row[4:14].reshape(5, 2) + 0.5) * grow - 0.5
            if np.isfinite(row).all():
                faces.append(Face(corners.reshape(4), landmarks, float(row[14]) ** 2))
        return sorted(faces, key=lambda face: -face.score)


class Embedder:
    """A network that makes a direction of an aligned face; two faces of one person have nearly the same."""

    def __init__(self, card: Card) -> None:
        self.card = card
        values = card.values
        try:
            self._input = str(values["input"]["name"])
            self._output = str(values["output"]["name"])
            self._size = (int(values["input"]["size_px"][0]), int(values["input"]["size_px"][1]))
            self._rgb = values["input"]["colour_order"] == "rgb"
            self._mean = np.array(values["input"]["mean"], np.float32)
            self._scale = np.array(values["input"]["scale"], np.float32)
            self._template = np.array(values["alignment"]["template_px"], np.float32)
            self.threshold = float(values["matching"]["threshold"])
        except KeyError as error:
            raise SetupError(f"the card of {card.name} lacks {error}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(card.path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no exception of its own in common.
            raise SetupError(f"{card.path}: {error}") from error

    def align(self, picture: Picture, landmarks_px: Floats) -> Picture | None:
        """The face as the network wants it; None when its landmarks coincide."""
        matrix = similarity(landmarks_px, self._template)
        return None if matrix is None else np.asarray(cv2.warpAffine(picture, matrix, self._size), np.uint8)

    def embed(self, crop: Picture) -> Floats:
        """Its direction, a vector of unit length."""
        return unit(self.infer(self.tensor(crop)))

    def tensor(self, crop: Picture) -> Floats:
        """A face as the network's input."""
        planes = (crop[:, :, ::-1] if self._rgb else crop).astype(np.float32)
        tensor = ((planes - self._mean) * self._scale).transpose(2, 0, 1)[None]
        return np.ascontiguousarray(tensor)

    def infer(self, tensor: Floats) -> Floats:
        """What the network says of an input."""
        (values,) = self._session.run([self._output], {self._input: tensor})
        return np.asarray(values, np.float32).reshape(-1)


def unit(vector: Floats) -> Floats:
    """The vector brought to unit length."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-12:
        raise ValueError("its embedding is zero or not finite")
    return (vector / length).astype(np.float32)


def similarity(points: Floats, onto: Floats) -> NDArray[np.float64] | None:
    """The 2 x 3 matrix of the least-squares turn, scale and shift of `points` onto `onto`, if there is one."""
    p, q = points.astype(np.float64), onto.astype(np.float64)
    p_mean, q_mean = p.mean(axis=0), q.mean(axis=0)
    # In the complex plane it is one factor: the regression of one set on the other.
    z, w = (p - p_mean) @ [1, 1j], (q - q_mean) @ [1, 1j]
    spread = float((np.abs(z) ** 2).sum())
    if not np.isfinite(spread) or spread < 1e-6:
        return None
    factor = (np.conj(z) * w).sum() / spread
    if abs(factor) < 1e-6:
        return None
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.hstack([turn, (q_mean - turn @ p_mean)[:, None]])
