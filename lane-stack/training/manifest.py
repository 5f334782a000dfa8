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


def _groups(row):
    """{"tone", "sex", "age"} → the group's name, for figures by group; empty where the data does not say."""
    groups = row.get("groups")
    if not groups:
        return {}
    monk, age = int(groups["monk"]), float(groups["age_years"])
    return {
        "tone": "Monk 1-3" if monk <= 3 else "Monk 4-6" if monk <= 6 else "Monk 7-10",
        "sex": str(groups["sex"]),
        "age": "under 18" if age < 18 else "18 to 59" if age < 60 else "60 and over",
    }


def read_frames(root):
    """DIR/detector/frames.jsonl → [(path, [face], held out)], a face being box [4], landmarks [5, 2], visible_share,
    yaw_deg, legible, held_out (of a family that no training sees), groups."""
    folder = os.path.join(root, "detector")
    path = os.path.join(folder, "frames.jsonl")
    frames, seen = [], set()
    for number, row in _lines(path):
        where = f"{path}:{number}"
        try:
            # What a killed run wrote and did not mark as done is written again.
            if row["file"] in seen:
                continue
            seen.add(row["file"])
            faces = [
                {
                    "box": np.array(face["box"], np.float64).reshape(4),
                    "landmarks": _landmarks(face["landmarks"], where),
                    "visible_share": float(face["visible_share"]),
                    "yaw_deg": float(face.get("yaw_deg", 0.0)),
                    "legible": bool(face.get("legible", True)),
                    "held_out": bool(face.get("held_out", False)),
                    "groups": _groups(face),
                }
                for face in row["faces"]
            ]
            frames.append((os.path.join(folder, row["file"]), faces, bool(row.get("held_out", False))))
        except (KeyError, TypeError, ValueError) as e:
            raise ManifestError(f"{where}: {type(e).__name__} {e}; needs file and faces with box, landmarks, "
                                "visible_share, yaw_deg") from e
    if len(frames) < 10:
        raise ManifestError(f"{path}: {len(frames)} frames; at least 10 are needed, 1000 or more are useful")
    return frames


def _face_rows(root):
    """The rows of all lists of faces under DIR/embedder: [(where, folder, row)], each file once."""
    folder = os.path.join(root, "embedder")
    seen = set()
    for name in ("faces.jsonl", "lane-faces.jsonl"):
        path = os.path.join(folder, name)
        # Either kind of picture will do.
        if name != "faces.jsonl" and not os.path.exists(path):
            continue
        for number, row in _lines(path):
            where = f"{path}:{number}"
            file = row.get("file") if isinstance(row, dict) else None
            if not isinstance(file, str):
                raise ManifestError(f"{where}: no file; needs file, identity, kind, landmarks")
            if file not in seen:
                seen.add(file)
                yield where, folder, row


def read_faces(root):
    """DIR/embedder/faces.jsonl and lane-faces.jsonl → [face], a face being path, identity, kind, landmarks [5, 2], box
    [4] or None, worn, lane (cut out of a frame), held_out, groups."""
    faces = []
    for where, folder, row in _face_rows(root):
        try:
            if row["kind"] not in ("portrait", "crossing"):
                raise ManifestError(f"{where}: kind is {row['kind']!r}; portrait or crossing is right")
            faces.append({
                "path": os.path.join(folder, row["file"]),
                "identity": int(row["identity"]),
                "kind": row["kind"],
                "landmarks": _landmarks(row["landmarks"], where),
                "box": np.array(row["box"], np.float64).reshape(4) if "box" in row else None,
                "worn": bool(row.get("worn", False)),
                "lane": "lane-faces.jsonl" in where,
                "held_out": bool(row.get("held_out", False)),
                "groups": _groups(row),
            })
        except (KeyError, TypeError, ValueError) as e:
            raise ManifestError(f"{where}: {type(e).__name__} {e}; needs file, identity, kind, landmarks") from e
    if len({face["identity"] for face in faces}) < 20:
        raise ManifestError(f"{os.path.join(root, 'embedder')}: fewer than 20 identities; 1500 or more are useful")
    return faces


def split_tail(items, share=0.1):
    """(training, held out): the last `share` of the sequence is held out, at least one item."""
    held = max(1, round(len(items) * share))
    return items[:-held], items[-held:]


def split_frames(frames):
    """(training, held out) indices: by the families that the data holds out, or the last tenth where it holds out none."""
    held = [k for k, frame in enumerate(frames) if frame[2]]
    if not held:
        return split_tail(list(range(len(frames))))
    return [k for k, frame in enumerate(frames) if not frame[2]], held


def split_identities(faces):
    """(training, held out) identities. An identity with any picture of a held-out family is held out whole; where there
    is none, the last tenth of the sorted numbers is."""
    everyone = sorted({face["identity"] for face in faces})
    held = {face["identity"] for face in faces if face["held_out"]}
    if not held:
        return split_tail(everyone)
    return [i for i in everyone if i not in held], sorted(held)
