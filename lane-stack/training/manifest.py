"""Readers of the two manifests (README.md, "Data"); every fault names file and line."""

import json
import os

import numpy as np


class ManifestError(Exception):
    """What is wrong with the data, where, and what would be right."""


def _lines(path):
    try:
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                if line.strip():
                    try:
                        yield number, json.loads(line)
                    except json.JSONDecodeError as e:
                        raise ManifestError(f"{path}:{number}: not JSON ({e}); one object per line is right") from e
    except OSError as e:
        raise ManifestError(f"{path}: {e.strerror}; `laneproof dataset` writes it") from e


def _landmarks(value, where):
    points = np.array(value, np.float64)
    if points.shape != (5, 2) or not np.isfinite(points).all():
        raise ManifestError(f"{where}: landmarks must be five finite [x, y] pairs")
    return points


def read_frames(root):
    """DIR/detector/frames.jsonl → [(path, [face])], a face being box [4], landmarks [5, 2], visible_share, yaw_deg."""
    folder = os.path.join(root, "detector")
    path = os.path.join(folder, "frames.jsonl")
    frames = []
    for number, row in _lines(path):
        where = f"{path}:{number}"
        try:
            faces = [
                {
                    "box": np.array(face["box"], np.float64).reshape(4),
                    "landmarks": _landmarks(face["landmarks"], where),
                    "visible_share": float(face["visible_share"]),
                    "yaw_deg": float(face.get("yaw_deg", 0.0)),
                }
                for face in row["faces"]
            ]
            frames.append((os.path.join(folder, row["file"]), faces))
        except (KeyError, TypeError, ValueError) as e:
            raise ManifestError(f"{where}: {type(e).__name__} {e}; needs file and faces with box, landmarks, "
                                "visible_share, yaw_deg") from e
    if len(frames) < 10:
        raise ManifestError(f"{path}: {len(frames)} frames; at least 10 are needed, 1000 or more are useful")
    return frames


def read_faces(root):
    """DIR/embedder/faces.jsonl → [(path, identity, kind, landmarks)]."""
    folder = os.path.join(root, "embedder")
    path = os.path.join(folder, "faces.jsonl")
    faces = []
    for number, row in _lines(path):
        where = f"{path}:{number}"
        try:
            if row["kind"] not in ("portrait", "crossing"):
                raise ManifestError(f"{where}: kind is {row['kind']!r}; portrait or crossing is right")
            faces.append((os.path.join(folder, row["file"]), int(row["identity"]), row["kind"],
                          _landmarks(row["landmarks"], where)))
        except (KeyError, TypeError, ValueError) as e:
            raise ManifestError(f"{where}: {type(e).__name__} {e}; needs file, identity, kind, landmarks") from e
    if len({identity for _, identity, _, _ in faces}) < 20:
        raise ManifestError(f"{path}: fewer than 20 identities; 1500 or more are useful")
    return faces


def read_face_pictures(root, identities):
    """The pictures of the given identities in DIR/embedder/faces.jsonl whose face box is known: [(path, face)]."""
    folder = os.path.join(root, "embedder")
    path = os.path.join(folder, "faces.jsonl")
    if not os.path.exists(path):
        return []
    pictures = []
    for number, row in _lines(path):
        where = f"{path}:{number}"
        try:
            if "box" in row and int(row["identity"]) in identities:
                face = {"box": np.array(row["box"], np.float64).reshape(4), "landmarks": _landmarks(row["landmarks"], where)}
                pictures.append((os.path.join(folder, row["file"]), face))
        except (KeyError, TypeError, ValueError) as e:
            raise ManifestError(f"{where}: {type(e).__name__} {e}; needs file, identity, box, landmarks") from e
    return pictures


def split_tail(items, share=0.1):
    """(training, held out): the last `share` of the sequence is held out, at least one item."""
    held = max(1, round(len(items) * share))
    return items[:-held], items[-held:]
