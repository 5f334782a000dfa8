"""Judges an ONNX model on the held-out data through ONNX Runtime: ours, or any other of the same conventions.

Detectors: YuNet output names, BGR 0..255. Embedders: T112 alignment, RGB 0..255, unit or plain vectors.
"""

import argparse
import json
import sys
import time

import numpy as np
import onnxruntime

import detector_data
import embedder_data
from manifest import ManifestError, read_faces, read_frames, split_frames, split_identities


def session(path, threads=1):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def onnx_infer(path):
    """For `detector_data.evaluate`; also keeps the seconds each picture took in `infer.seconds`."""
    model = session(path)
    feed, names = model.get_inputs()[0].name, [o.name for o in model.get_outputs()]

    def infer(image):
        x = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
        began = time.monotonic()
        outputs = model.run(None, {feed: x})
        infer.seconds.append(time.monotonic() - began)
        return {name: y[0] for name, y in zip(names, outputs)}

    infer.seconds = []
    return infer


def onnx_embed(path):
    """For `embedder_data.evaluate`; one face at a time, as the stack does."""
    model = session(path)
    feed = model.get_inputs()[0].name

    def embed(faces):
        out = []
        for face in faces:
            x = np.ascontiguousarray(face.transpose(2, 0, 1)[None], np.float32)
            began = time.monotonic()
            vector = model.run(None, {feed: x})[0].reshape(-1)
            embed.seconds.append(time.monotonic() - began)
            out.append(vector / np.linalg.norm(vector))
        return np.stack(out)

    embed.seconds = []
    return embed


def judge_detector(path, data, limit=0):
    store = detector_data.FrameStore(read_frames(data), cache_gb=0.0)
    held = split_frames(store.frames)[1]
    held = held[:limit] if limit else held
    infer = onnx_infer(path)
    figures = detector_data.evaluate(store, held, infer)
    return {**figures, "median_ms_one_thread": 1e3 * float(np.median(infer.seconds))}


def judge_embedder(path, data, limit=0):
    faces = read_faces(data)
    held = split_identities(faces)[1]
    held = set(held[:limit] if limit else held)
    store = embedder_data.FaceStore([f for f in faces if f["identity"] in held])
    embed = onnx_embed(path)
    figures = embedder_data.evaluate(store, sorted(held), embed)
    return {**figures, "median_ms_one_thread": 1e3 * float(np.median(embed.seconds))}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("kind", choices=["detector", "embedder"])
    p.add_argument("--onnx", required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--limit", type=int, default=0, help="only so many held-out frames or identities")
    a = p.parse_args()
    judge = judge_detector if a.kind == "detector" else judge_embedder
    print(json.dumps(judge(a.onnx, a.data, a.limit), indent=2))


if __name__ == "__main__":
    try:
        main()
    except ManifestError as e:
        sys.exit(f"error: {e}")
