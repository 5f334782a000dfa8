"""How far searches meet fillers (lane-stack's gallery::Fillers) as they meet the portraits of as many people.

People whom neither the embedder nor the bank knows search two galleries of one size: portraits of a third group, and
fillers drawn from the bank of a second. The best similarity of each search is what false positives come from; the two
distributions of it are compared for several kernel widths.
"""

import argparse
import json
import sys

import numpy as np

import embedder_data
from evaluate import onnx_embed
from manifest import ManifestError, read_faces, split_identities


def draw(bank, count, width, rng):
    """`count` fillers from a bank [n, d] of unit vectors by the smoothed bootstrap (Silverman and Young 1987)."""
    mean = bank.mean(axis=0)
    residual = bank - mean
    picked = residual[rng.integers(len(bank), size=count)]
    weights = rng.normal(size=(count, len(bank))) / np.sqrt(len(bank))
    drawn = mean + (picked + width * weights @ residual) / np.sqrt(1.0 + width * width)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def compare(probes, bank, people, widths, rounds, seed):
    """{width: figures}; `probes` [p, d] search galleries of len(people)."""
    real = (probes @ people.T).max(axis=1)
    # The thresholds at which so many of the searches would meet one of the people.
    marks = {rate: float(np.quantile(real, 1.0 - rate)) for rate in (0.3, 0.1, 0.03)}
    out = {"portraits": {"mean": float(real.mean()), "sd": float(real.std())}}
    for width in widths:
        best = [(probes @ draw(bank, len(people), width, np.random.default_rng([seed, r])).T).max(axis=1)
                for r in range(rounds)]
        best = np.concatenate(best)
        figures = {"mean": float(best.mean()), "sd": float(best.std())}
        figures |= {f"rate where portraits give {rate}": float((best >= mark).mean()) for rate, mark in marks.items()}
        out[f"width {width}"] = figures
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True)
    p.add_argument("--onnx", required=True, help="embedder, T112 alignment, RGB 0..255")
    p.add_argument("--everyone", action="store_true", help="all identities: the embedder was not trained on this data")
    p.add_argument("--widths", type=float, nargs="+", default=[0.25, 0.5, 1.0, 2.0])
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    faces = read_faces(a.data)
    identities = sorted({f["identity"] for f in faces}) if a.everyone else split_identities(faces)[1]
    rng = np.random.default_rng(a.seed)
    probing, banked, met = np.array_split(rng.permutation(identities), [len(identities) // 3, 2 * len(identities) // 3])
    embed = onnx_embed(a.onnx)

    def vectors(chosen, kind):
        store = embedder_data.FaceStore([f for f in faces if f["identity"] in set(chosen.tolist()) and f["kind"] == kind])
        if kind == "portrait":
            keep = np.arange(len(store.images))
        else:
            keep = np.flatnonzero(~store.worn)
        return np.concatenate([embed(b) for b in embedder_data.held_out_batches(store, keep, False)])

    figures = compare(vectors(probing, "crossing"), vectors(banked, "portrait"), vectors(met, "portrait"), a.widths, 5, a.seed)
    people = {"searches by": len(probing), "bank of": len(banked), "galleries of": len(met)}
    print(json.dumps({"people": people, **figures}, indent=2))


if __name__ == "__main__":
    try:
        main()
    except ManifestError as e:
        sys.exit(f"error: {e}")
