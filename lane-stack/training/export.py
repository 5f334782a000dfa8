"""Writes the best checkpoints as ONNX with their cards and stack.toml, after comparing PyTorch with ONNX Runtime."""

import argparse
import datetime
import hashlib
import os
import sys
import warnings

import numpy as np
import onnx
import torch

import schedule
from evaluate import judge_detector, judge_embedder, session
from geometry import ALIGNED_SIDE, T112
from manifest import ManifestError
from nets import DETECTOR_OUTPUTS, Detector, Embedder, parameter_count

OPSET = 13
LICENCE = "MIT OR Apache-2.0"
# The score from which the exported detector's faces count, by calibration (see `CalibratedDetector`).
CARD_SCORE = 0.5
# Never calibrate on a rarer alarm than this raw score: in-domain frames hold fewer surprises than a new site.
LOWEST_RAW_SCORE = 0.30


class CalibratedDetector(torch.nn.Module):
    """The detector with both probabilities raised to one power, so that the score cls·obj is CARD_SCORE exactly where
    the held-out frames gave 0.1 false alarms per frame. Order and ranking of detections do not change."""

    def __init__(self, net, raw_threshold):
        super().__init__()
        self.net = net
        self.power = float(np.log(CARD_SCORE) / np.log(raw_threshold))

    def forward(self, image):
        out = self.net(image)
        return (*[torch.pow(y, self.power) for y in out[:6]], *out[6:])


def write_onnx(net, example, names, path, axes, last=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, (example,), path, dynamo=False, opset_version=OPSET, input_names=["input"], output_names=names,
            dynamic_axes=axes, do_constant_folding=True,
        )
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    # The exporter loses the constant number of channels behind the reshapes.
    for output in model.graph.output:
        if last:
            output.type.tensor_type.shape.dim[-1].dim_value = last[output.name]
    # Nothing of the machine that exported it belongs in the file.
    del model.metadata_props[:]
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.save(model, path)


def compare(net, path, inputs):
    """Greatest difference between PyTorch and ONNX Runtime; refuses to go on above 1e-3."""
    model = session(path)
    worst = 0.0
    for x in inputs:
        with torch.no_grad():
            expected = net(torch.from_numpy(x))
        expected = expected if isinstance(expected, tuple) else (expected,)
        for want, got in zip(expected, model.run(None, {"input": x})):
            if got.shape != tuple(want.shape):
                sys.exit(f"error: {path}: shape {got.shape} where PyTorch gives {tuple(want.shape)}")
            worst = max(worst, float(np.abs(got - want.numpy()).max()))
    if not worst < 1e-3:
        sys.exit(f"error: {path}: ONNX Runtime and PyTorch differ by {worst:g}; below 0.001 is right")
    return worst


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def comment(lines):
    return "".join(f"# {line}\n" for line in lines)


def held_out(data):
    """What the data says of the families that no training saw."""
    path = os.path.join(data, "held-out.txt")
    if not os.path.exists(path):
        return "Held out: the last tenth."
    with open(path, encoding="utf-8") as f:
        return f"Held out whole: {f.read().strip()}."


def head(checkpoint, net, path, note, worst):
    return [
        f"{parameter_count(net)} parameters, {os.path.getsize(path) / 1e6:.2f} MB, ONNX opset {OPSET}; written "
        f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}.",
        f"Trained {checkpoint['minutes']:.1f} min on a CPU, {checkpoint['step']} steps of {checkpoint['batch']}, seed "
        f"{checkpoint['seed']}, PyTorch {torch.__version__.split('+')[0]}"
        + ("." if checkpoint["final"] else "; taken before the training's end."),
        *([note] if note else []),
        f"Greatest difference between PyTorch and ONNX Runtime: {worst:.1e}.",
    ]


def export_detector(checkpoint, data, out, note, limit):
    net = Detector(**checkpoint["config"])
    net.load_state_dict(checkpoint["state"])
    raw_threshold = max(checkpoint["figures"]["threshold_at_alarms"], LOWEST_RAW_SCORE)
    net = CalibratedDetector(net, raw_threshold).eval()
    path = os.path.join(out, "laneproof-detector.onnx")
    axes = {"input": {0: "n", 2: "h", 3: "w"}, **{name: {0: "n", 1: "cells_" + name.split("_")[1]} for name in DETECTOR_OUTPUTS}}
    channels = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    last = {name: channels[name.split("_")[0]] for name in DETECTOR_OUTPUTS}
    write_onnx(net, torch.rand(1, 3, 96, 64) * 255.0, DETECTOR_OUTPUTS, path, axes, last)
    rng = np.random.default_rng(0)
    shapes = [(1, 3, 608, 960), (2, 3, 64, 320), (1, 3, 32, 32)]
    worst = compare(net, path, [rng.uniform(0, 255, s).astype(np.float32) for s in shapes])
    f = judge_detector(path, data, limit)
    how = [
        "Face detector of this project, made by lane-stack/training on faces this simulator rendered: in-domain, so",
        "its results here are optimistic. Outputs as the YuNet family, input any size in multiples of 32 px.",
        *head(checkpoint, net, path, note, worst),
        held_out(data),
        f"{f['frames']} held-out frames, {f['faces']} faces with visible share >= 0.7, yaw <= 60 degrees, >= 12 px, legible:",
        f"recall {f['recall']:.4f} at 0.1 false alarms per frame; at score 0.5 recall {f['recall_at_0.5']:.4f} with "
        f"{f['alarms_per_frame_at_0.5']:.3f} alarms per frame.",
        "Recall by group: " + "; ".join(f"{name} {g['recall']:.3f} of {g['faces']}" for name, g in f["groups"].items())
        + ".",
        "Made from synthetic faces: measure it with your own people before you use it on people.",
        f"Landmark error, median: {f['landmark_error_median'] or float('nan'):.3f} of the inter-eye distance. "
        f"{f['median_ms_one_thread']:.0f} ms per 960x608 picture on one core.",
        f"Scores are calibrated: {CARD_SCORE} stands where the network's own score is {raw_threshold:.3f}.",
    ]
    text = comment(how) + f"""kind = "detector"
name = "laneproof-detector"
file = "laneproof-detector.onnx"
sha256 = "{sha256(path)}"
licence = "{LICENCE}"
source = "this project, lane-stack/training"
trained_on = "{checkpoint['training_frames']} frames and {checkpoint['studio_faces']} studio faces rendered by this simulator"
in_domain = true

[input]
name = "input"
multiple_of_px = 32
colour_order = "bgr"
mean = [0.0, 0.0, 0.0]
scale = [1.0, 1.0, 1.0]

[decoder]
family = "yunet"
strides = [8, 16, 32]
score_threshold = {CARD_SCORE}
nms_iou = 0.45
"""
    return path, text, f


def export_embedder(checkpoint, data, out, note, limit):
    net = Embedder(**checkpoint["config"])
    net.load_state_dict(checkpoint["state"])
    net.eval()
    path = os.path.join(out, "laneproof-embedder.onnx")
    write_onnx(net, torch.rand(2, 3, ALIGNED_SIDE, ALIGNED_SIDE) * 255.0, ["embedding"], path,
               {"input": {0: "n"}, "embedding": {0: "n"}})
    rng = np.random.default_rng(0)
    side = ALIGNED_SIDE
    worst = compare(net, path, [rng.uniform(0, 255, (n, 3, side, side)).astype(np.float32) for n in (1, 3)])
    f = judge_embedder(path, data, limit)
    pooled, dim = f["pooled"], checkpoint["config"]["dim"]
    threshold = round(pooled["threshold_at_fmr_0.1%"], 3)
    line = lambda name: (
        f"{name}: EER {f[name]['eer']:.4f}, same {f[name]['same_mean']:.3f} +- {f[name]['same_sd']:.3f}, different "
        f"{f[name]['different_mean']:.3f} +- {f[name]['different_sd']:.3f} (greatest {f[name]['different_max']:.3f}),"
    )
    tail = lambda name: (
        f"  true matches at FMR 0.1 % {f[name]['true_match_at_fmr_0.1%']:.4f}, rank-1 {f[name]['rank_1']:.4f}."
    )
    how = [
        "Face embedder of this project, made by lane-stack/training on faces this simulator rendered: in-domain, so",
        "its results here are optimistic; it has never seen a photograph.",
        *head(checkpoint, net, path, note, worst),
        held_out(data),
        f"{f['identities']} held-out identities, documents' portraits against other days' pictures, as rendered (clean) and",
        "with landmark noise, blur, noise, veil and lower resolution (hard); of the clean ones people with nothing on head",
        "and face (bare), and those cut out of lane frames (lane, bare); cosine similarity:",
        *[text for name in ("clean", "hard", "bare", "lane") if name in f for text in (line(name), tail(name))],
        "EER of bare people by group: " + "; ".join(
            f"{name} {g['eer']:.4f} ({g['same_pairs']} pairs)" for name, g in f["groups"].items()) + ".",
        "Made from synthetic faces: measure it with your own people before you use it on people.",
        f"{f['median_ms_one_thread']:.1f} ms per face on one core.",
    ]
    rows = "\n".join(f"    [{x}, {y}]," for x, y in T112)
    evidence = (
        f"false match rate of 0.1 % on held-out identities of this simulator ({f['identities']} identities, "
        f"{pooled['different_pairs']} comparisons, clean and degraded pooled; true match rate "
        f"{pooled['true_match_at_fmr_0.1%']:.3f})"
    )
    made_of = f"{checkpoint['training_faces']} faces of {checkpoint['training_identities']} identities"
    text = comment(how) + f"""kind = "embedder"
name = "laneproof-embedder"
file = "laneproof-embedder.onnx"
sha256 = "{sha256(path)}"
licence = "{LICENCE}"
source = "this project, lane-stack/training"
trained_on = "{made_of} rendered by this simulator"
in_domain = true

[input]
name = "input"
size_px = [{ALIGNED_SIDE}, {ALIGNED_SIDE}]
colour_order = "rgb"
mean = [0.0, 0.0, 0.0]
scale = [1.0, 1.0, 1.0]

[output]
name = "embedding"
dimension = {dim}

# The ArcFace template.
[alignment]
template_px = [
{rows}
]

[matching]
threshold = {threshold}
evidence = "{evidence}"
"""
    return path, text, f


STACK = """# The stack with this project's own models: trained on this simulator, so optimistic.
detector = "laneproof-detector.toml"
embedder = "laneproof-embedder.toml"
"""


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True, help="the data of the training, for the held-out figures")
    p.add_argument("--detector", help="the detector training's --out folder")
    p.add_argument("--embedder", help="the embedder training's --out folder")
    p.add_argument("--models", required=True, help="where ONNX files, cards and stack.toml go: lane-stack/models")
    p.add_argument("--note", default="", help="one line for the cards: say, the command and seed that made the data")
    p.add_argument("--limit", type=int, default=0, help="judge on only so many held-out frames or identities")
    a = p.parse_args()
    if not (a.detector or a.embedder):
        p.error("give --detector, --embedder or both")
    torch.set_num_threads(1)
    os.makedirs(a.models, exist_ok=True)
    for folder, export in ((a.detector, export_detector), (a.embedder, export_embedder)):
        if not folder:
            continue
        best = os.path.join(folder, "best.pt")
        if not os.path.exists(best):
            sys.exit(f"error: {best} is not there; a training writes it at its first look at the held-out data")
        path, card, figures = export(schedule.load(best), a.data, a.models, a.note, a.limit)
        with open(path.removesuffix(".onnx") + ".toml", "w", encoding="utf-8") as f:
            f.write(card)
        print(path, figures, flush=True)
    with open(os.path.join(a.models, "stack.toml"), "w", encoding="utf-8") as f:
        f.write(STACK)
    size = sum(os.path.getsize(os.path.join(a.models, n)) for n in os.listdir(a.models) if n.endswith(".onnx"))
    print(f"models together {size / 1e6:.2f} MB")
    if size > 8e6:
        sys.exit("error: the models are over 8 MB together")


if __name__ == "__main__":
    try:
        main()
    except ManifestError as e:
        sys.exit(f"error: {e}")
