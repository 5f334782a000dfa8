"""How good a picture of a face is, and whether that is good enough to be claimed as a capture."""

from dataclasses import asdict, dataclass

import cv2
import numpy as np

from models import Floats, Picture, similarity

SIDE_PX = 112
TEMPLATE_PX = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Where the landmarks of a level face come to lie in a square of 112 pixels (ArcFace)."""

HEAD_MM = np.array([[-31, 0, 0], [31, 0, 0], [0, 37, 29], [-26, 69, 2], [26, 69, 2]], np.float64)
"""The landmarks on an average head: to the image's right, down, towards the camera."""

SHARPNESS_HALF = 0.10
"""Edge energy / contrast at which sharpness is 50 (assumption, set by eye on rendered faces)."""


@dataclass(frozen=True)
class Quality:
    """The measures of the lane's interface, in its units: pixels, degrees, 0..100, 0..1, bits."""

    inter_eye_px: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    sharpness: float
    mean_luminance: float
    over_exposed_share: float
    entropy_bits: float
    overall: float


@dataclass(frozen=True)
class Rule:
    """The bounds of a capture that is claimed as valid. They are assumptions, and the operator's to change."""

    min_score: float = 0.6
    min_inter_eye_px: float = 40.0
    max_yaw_deg: float = 35.0
    max_pitch_deg: float = 30.0
    max_roll_deg: float = 30.0
    min_sharpness: float = 20.0
    min_mean_luminance: float = 0.12
    max_mean_luminance: float = 0.9
    max_over_exposed_share: float = 0.15
    min_entropy_bits: float = 4.0
    min_overall: float = 0.0

    def broken(self, score: float, quality: Quality) -> list[str]:
        """The bounds that a face breaks, in words."""
        values = asdict(quality) | {"score": score}
        words = []
        for name, bound in asdict(self).items():
            least, measure = name.startswith("min_"), name[4:]
            value = values[measure] if least or not measure.endswith("_deg") else abs(values[measure])
            # Written so that a value that is no number breaks its bound.
            if not (value >= bound if least else value <= bound):
                words.append(f"{measure} {value:.2f} {'under' if least else 'over'} {bound}")
        return words


def pose_deg(landmarks_px: Floats) -> tuple[float, float, float] | None:
    """Yaw to the person's left, pitch downwards, roll to the right shoulder: an average head seen from far away."""
    head = HEAD_MM - HEAD_MM.mean(axis=0)
    points = landmarks_px.astype(np.float64) - landmarks_px.mean(axis=0)
    rows = np.linalg.lstsq(head, points, rcond=None)[0].T
    # The nearest pair of orthogonal rows of one length.
    u, scales, v = np.linalg.svd(rows, full_matrices=False)
    if not np.isfinite(scales).all() or scales[1] < 1e-9:
        return None
    right, down = u @ v
    towards = np.cross(right, down)[2]
    yaw = np.arctan2(right[2], towards)
    pitch = np.arctan2(down[2], np.hypot(right[2], towards))
    roll = np.arctan2(-down[0], right[0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def measure(picture: Picture, landmarks_px: Floats) -> Quality | None:
    """Measures a face; None when its landmarks coincide or are no numbers."""
    if not np.isfinite(landmarks_px).all():
        return None
    pose, matrix = pose_deg(landmarks_px), similarity(landmarks_px, TEMPLATE_PX)
    if pose is None or matrix is None:
        return None
    yaw, pitch, roll = pose
    crop = cv2.warpAffine(picture, matrix, (SIDE_PX, SIDE_PX))
    face = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[24:108, 28:84]
    grey = face.astype(np.float64)
    # Of the second derivative the part that is finest; related to contrast, so that exposure does not matter.
    edges = cv2.Laplacian(grey, cv2.CV_64F).var() / max(grey.var(), 1.0)
    counts = np.bincount(face.reshape(-1), minlength=256)
    shares = counts[counts > 0] / face.size
    eyes = landmarks_px[1] - landmarks_px[0]
    inter_eye_px = float(np.hypot(*eyes)) / max(np.cos(np.radians(yaw)), 0.17)
    sharpness = 100.0 * edges / (edges + SHARPNESS_HALF)
    overall = (
        min(inter_eye_px / 90.0, 1.0)
        * max(np.cos(np.radians(yaw)), 0.0) ** 2
        * max(np.cos(np.radians(pitch)), 0.0) ** 2
        * sharpness
    )
    return Quality(
        inter_eye_px=float(inter_eye_px),
        yaw_deg=yaw,
        pitch_deg=pitch,
        roll_deg=roll,
        sharpness=float(sharpness),
        mean_luminance=float(grey.mean() / 255.0),
        over_exposed_share=float((face >= 247).mean()),
        entropy_bits=float(-(shares * np.log2(shares)).sum()),
        overall=float(overall),
    )
