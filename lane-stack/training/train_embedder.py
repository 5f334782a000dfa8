"""Trains the face embedder; resumable, time-bounded. See README.md."""

import argparse
import sys

import numpy as np
import torch
import torch.nn.functional as F

import embedder_data
import schedule
from manifest import ManifestError, read_faces
from nets import Embedder, parameter_count

SCALE, MARGIN = 30.0, 0.35


def margin_loss(vectors, classes, label, margin):
    """CosFace: the true class must lead by `margin` in cosine (Wang et al., CVPR 2018)."""
    cosine = vectors @ F.normalize(classes, dim=1).T
    handicap = torch.zeros_like(cosine).scatter_(1, label[:, None], margin)
    return F.cross_entropy(SCALE * (cosine - handicap), label), (cosine.argmax(dim=1) == label).float().mean()


def batch_of(store, members, size, seed, step, strength=1.0):
    """One batch drawn evenly over identities, a quarter of it portraits where there are any."""
    faces, labels = [], []
    for k in range(size):
        rng = np.random.default_rng([seed, step, k])
        label = int(rng.integers(len(members)))
        portraits, crossings = members[label]
        pick = portraits if len(portraits) and (rng.random() < 0.25 or not len(crossings)) else crossings
        faces.append(embedder_data.training_face(store, int(pick[rng.integers(len(pick))]), rng, strength))
        labels.append(label)
    return torch.from_numpy(np.stack(faces)).permute(0, 3, 1, 2).float(), torch.tensor(labels)


def torch_embed(net):
    def embed(faces):
        with torch.no_grad():
            return net(torch.from_numpy(faces).permute(0, 3, 1, 2).float()).numpy()

    return embed


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True, help="folder that holds embedder/faces.jsonl")
    p.add_argument("--evaluate-identities", type=int, default=120)
    schedule.add_arguments(p, batch=64, peak_rate=3e-3)
    args = p.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    store = embedder_data.FaceStore(read_faces(args.data))
    training, held = store.split()
    members = []
    for identity in training:
        own = np.flatnonzero(store.identity == identity)
        members.append((own[store.portrait[own]], own[~store.portrait[own]]))
    net = Embedder().to(memory_format=torch.channels_last)
    classes = torch.nn.Parameter(torch.randn(len(members), net.config["dim"]) * 0.1)
    print(f"{parameter_count(net)} parameters, {len(store.images)} faces, {len(training)} training and {len(held)} "
          "held-out identities", flush=True)
    judged = Embedder()

    def loss_of(step, progress):
        # Easy first: the full margin and the full degradation at once would stall the early steps.
        ramp = min(1.0, progress / 0.35)
        image, label = batch_of(store, members, args.batch, args.seed, step, strength=0.3 + 0.7 * ramp)
        with schedule.arithmetic():
            vectors = net(image)
        loss, right = margin_loss(vectors.float(), classes, label, MARGIN * ramp)
        return loss, f"loss {loss.item():.3f} right {right.item():.2f}"

    def judge(weights, final):
        judged.load_state_dict(weights)
        judged.eval()
        # The same few at every look, spread over the held-out ones: people of the studio and of the lane.
        looked_at = held if final else held[:: max(1, len(held) // args.evaluate_identities)]
        figures = embedder_data.evaluate(store, looked_at, torch_embed(judged))
        for name in [n for n in ("clean", "hard", "bare", "lane") if n in figures]:
            f = figures[name]
            print(f"  held out, {name}: EER {f['eer']:.4f}, same {f['same_mean']:.3f}, different "
                  f"{f['different_mean']:.3f} (max {f['different_max']:.3f}), true matches at FMR 0.1 % "
                  f"{f['true_match_at_fmr_0.1%']:.3f}, rank-1 {f['rank_1']:.3f}", flush=True)
        return -np.mean([figures[name]["eer"] for name in ("hard", "lane") if name in figures]), figures

    facts = {"training_identities": len(training), "training_faces": sum(len(a) + len(b) for a, b in members)}
    schedule.Training("embedder", net, args, weight_decay=0.05, extra=[classes]).run(loss_of, judge, facts)


if __name__ == "__main__":
    try:
        main()
    except ManifestError as e:
        sys.exit(f"error: {e}")
