"""Drawn stand-ins for both data sets: shaded ellipses with eyes, nose and mouth. Proves the chain, not the models."""

import argparse
import json
import os

import cv2
import numpy as np

# Features in a unit face: x right, y down, face half-width 1.
BASE = np.array([[-0.42, -0.25], [0.42, -0.25], [0.0, 0.20], [-0.32, 0.62], [0.32, 0.62]])


def draw_face(image, centre, half_px, look, tilt, rng):
    """Draws a face and returns (box, landmarks). `look` [8] in −1..1 is the identity."""
    rotation = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    place = lambda p: np.asarray(centre) + rotation @ np.asarray(p) * half_px
    tone = np.array([90 + 40 * look[0], 120 + 45 * look[0], 160 + 55 * look[0]]) * rng.uniform(0.7, 1.2)
    tall = 1.30 + 0.15 * look[1]
    points = BASE * [1.0 + 0.15 * look[2], 1.0 + 0.15 * look[3]]
    sub = lambda p: tuple(int(round(v * 16)) for v in p)
    ellipse = lambda p, ax, colour: cv2.ellipse(
        image, sub(place(p)), tuple(int(a * half_px * 16) for a in ax), np.degrees(tilt), 0, 360,
        tuple(float(c) for c in np.clip(colour, 0, 255)), -1, cv2.LINE_AA, 4)
    ellipse((0, 0), (1.0, tall), tone)
    ellipse((0, -0.85), (0.85, 0.45 + 0.1 * look[4]), tone * 0.3)
    for x, y in points[:2]:
        ellipse((x, y), (0.20 + 0.05 * look[5], 0.10 + 0.04 * look[6]), (235, 235, 235))
        ellipse((x, y), (0.08, 0.09), (30 + 20 * look[7], 25, 20))
        ellipse((x, y - 0.25), (0.24, 0.05 + 0.02 * look[5]), tone * 0.25)
    ellipse(points[2], (0.13 + 0.04 * look[6], 0.22 + 0.06 * look[7]), tone * 0.75)
    ellipse((points[3] + points[4]) / 2, (0.32 + 0.05 * look[2], 0.10 + 0.03 * look[4]), (60, 50, 60 + tone[2] * 0.6))
    landmarks = np.array([place(p) for p in points])
    reach_x = half_px * np.hypot(np.cos(tilt), tall * np.sin(tilt))
    reach_y = half_px * np.hypot(np.sin(tilt), tall * np.cos(tilt))
    box = [centre[0] - reach_x, centre[1] - reach_y, centre[0] + reach_x, centre[1] + reach_y]
    return box, landmarks


def clutter(rng, width, height):
    image = np.full((height, width, 3), rng.integers(30, 180, 3), np.uint8)
    for _ in range(60):
        p, q = rng.integers(0, [width, height], (2, 2))
        colour = tuple(int(c) for c in rng.integers(0, 255, 3))
        if rng.random() < 0.5:
            cv2.rectangle(image, tuple(map(int, p)), tuple(map(int, p + rng.integers(10, 300, 2))), colour, -1)
        else:
            axes = tuple(map(int, rng.integers(8, 120, 2)))
            cv2.ellipse(image, tuple(map(int, q)), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
    return image


def make(root, frames, identities, views, seed=7):
    os.makedirs(os.path.join(root, "detector", "frames"), exist_ok=True)
    os.makedirs(os.path.join(root, "embedder", "faces"), exist_ok=True)
    with open(os.path.join(root, "detector", "frames.jsonl"), "w", encoding="utf-8") as out:
        for k in range(frames):
            rng = np.random.default_rng([seed, 1, k])
            image = clutter(rng, 1920, 1200)
            faces = []
            for slot in rng.permutation(8)[: rng.integers(1, 6)]:
                half = np.exp(rng.uniform(np.log(14), np.log(100)))
                centre = [240 + 480 * (slot % 4) + rng.uniform(-100, 100), 300 + 600 * (slot // 4) + rng.uniform(-120, 120)]
                box, marks = draw_face(image, centre, half, rng.uniform(-1, 1, 8), rng.uniform(-0.35, 0.35), rng)
                faces.append({"box": [float(v) for v in box], "landmarks": marks.tolist(), "visible_share": 1.0,
                              "yaw_deg": 0.0})
            name = f"frames/{k:06d}.jpg"
            cv2.imwrite(os.path.join(root, "detector", name), image, [cv2.IMWRITE_JPEG_QUALITY, 90])
            out.write(json.dumps({"file": name, "faces": faces}) + "\n")
    with open(os.path.join(root, "embedder", "faces.jsonl"), "w", encoding="utf-8") as out:
        for i in range(identities):
            look = np.random.default_rng([seed, 2, i]).uniform(-1, 1, 8)
            for v in range(views):
                rng = np.random.default_rng([seed, 3, i, v])
                image = clutter(rng, 240, 240)
                centre = (120 + rng.uniform(-8, 8), 120 + rng.uniform(-8, 8))
                _, marks = draw_face(image, centre, rng.uniform(60, 75), look, rng.uniform(-0.25, 0.25), rng)
                name = f"faces/{i:05d}_{v:02d}.jpg"
                cv2.imwrite(os.path.join(root, "embedder", name), image, [cv2.IMWRITE_JPEG_QUALITY, 90])
                out.write(json.dumps({"file": name, "identity": i, "kind": "portrait" if v == 0 else "crossing",
                                      "landmarks": marks.tolist()}) + "\n")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out")
    p.add_argument("--frames", type=int, default=150)
    p.add_argument("--identities", type=int, default=200)
    p.add_argument("--views", type=int, default=8)
    a = p.parse_args()
    make(a.out, a.frames, a.identities, a.views)
