"""Trains the face embedder; resumable, time-bounded. See README.md."""

import argparse
import os
import sys
import time

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
    p.add_argument("--out", required=True, help="folder of checkpoints; a run continues what it finds there")
    p.add_argument("--minutes", type=float, default=20.0, help="training time of all runs together")
    p.add_argument("--steps", type=int, default=0, help="bound by steps instead: reproducible")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--peak-rate", type=float, default=3e-3)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--evaluate-every", type=float, default=4.0, help="minutes")
    p.add_argument("--evaluate-identities", type=int, default=120)
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
    decayed = [q for q in net.parameters() if q.dim() > 1]
    plain = [q for q in net.parameters() if q.dim() <= 1] + [classes]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}])
    last, step, best, spent, average = os.path.join(args.out, "last.pt"), 0, 2.0, 0.0, None
    if os.path.exists(last):
        saved = schedule.load(last)
        if saved["classes"].shape != classes.shape:
            sys.exit(f"error: {last} was trained on {len(saved['classes'])} identities, {args.data} has {len(classes)}: "
                     "give another --out or the same data")
        net.load_state_dict(saved["net"])
        classes.data.copy_(saved["classes"])
        optimiser.load_state_dict(saved["optimiser"])
        step, best, spent = saved["step"], saved["best"], saved["spent_s"]
        average = schedule.Average(net, saved["average"])
        print(f"continuing at step {step}, {spent / 60:.1f} min done, best EER {best:.4f}", flush=True)
    average = average or schedule.Average(net)
    print(f"{parameter_count(net)} parameters, {len(store.images)} faces, {len(training)} training and {len(held)} "
          "held-out identities", flush=True)
    judge = Embedder()

    def save_last():
        schedule.save(last, {
            "net": net.state_dict(), "classes": classes.detach(), "optimiser": optimiser.state_dict(),
            "average": average.state, "step": step, "best": best, "spent_s": clock.spent_s(),
        })

    def keep(final):
        nonlocal best
        began = time.monotonic()
        judge.load_state_dict(average.state)
        judge.eval()
        looked_at = held if final else held[: args.evaluate_identities]
        figures = embedder_data.evaluate(store, looked_at, torch_embed(judge))
        for name in ("clean", "hard"):
            f = figures[name]
            print(f"  held out, {name}: EER {f['eer']:.4f}, same {f['same_mean']:.3f}, different "
                  f"{f['different_mean']:.3f} (max {f['different_max']:.3f}), true matches at FMR 0.1 % "
                  f"{f['true_match_at_fmr_0.1%']:.3f}, rank-1 {f['rank_1']:.3f}", flush=True)
        if final or figures["hard"]["eer"] <= best:
            best = figures["hard"]["eer"]
            schedule.save(os.path.join(args.out, "best.pt"), {
                "kind": "embedder", "config": net.config, "state": average.state, "step": step,
                "minutes": clock.spent_s() / 60.0, "batch": args.batch, "seed": args.seed, "figures": figures,
                "final": final, "training_identities": len(training), "training_faces": sum(len(a) + len(b) for a, b in members),
            })
        save_last()
        clock.pause(time.monotonic() - began)

    clock = schedule.Clock(args.minutes, args.steps, spent)
    next_look = clock.spent_s() + args.evaluate_every * 60.0
    shown, shown_step = time.monotonic(), step
    while (progress := clock.progress(step)) < 1.0:
        # Easy first: the full margin and the full degradation at once would stall the early steps.
        ramp = min(1.0, progress / 0.35)
        image, label = batch_of(store, members, args.batch, args.seed, step, strength=0.3 + 0.7 * ramp)
        for group in optimiser.param_groups:
            group["lr"] = schedule.learning_rate(args.peak_rate, progress)
        net.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = net(image)
        loss, right = margin_loss(vectors.float(), classes, label, MARGIN * ramp)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        step += 1
        average.update(net, step)
        if step % 25 == 0:
            now = time.monotonic()
            speed = (step - shown_step) * args.batch / (now - shown)
            shown, shown_step = now, step
            print(f"step {step} {progress:5.1%} loss {loss.item():.3f} right {right.item():.2f} | {speed:.0f} faces/s",
                  flush=True)
        if clock.due():
            save_last()
        if clock.spent_s() >= next_look:
            keep(final=False)
            next_look = clock.spent_s() + args.evaluate_every * 60.0
    keep(final=True)


if __name__ == "__main__":
    try:
        main()
    except ManifestError as e:
        sys.exit(f"error: {e}")
