"""Trains the face detector; resumable, time-bounded. See README.md."""

import argparse
import sys

import numpy as np
import torch
import torch.nn.functional as F

import detector_data
import schedule
import yunet
from manifest import ManifestError, read_faces, read_frames, split_frames, split_identities
from nets import DETECTOR_OUTPUTS, Detector, parameter_count


def giou(a, b):
    """Generalised IoU of boxes [k, 4] (Rezatofighi et al., CVPR 2019), and the plain IoU."""
    lo, hi = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    both = (hi - lo).clamp(min=0).prod(dim=1)
    area = lambda t: (t[:, 2:] - t[:, :2]).prod(dim=1)
    union = area(a) + area(b) - both
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1)
    iou = both / union.clamp(min=1e-6)
    return iou - (hull - union) / hull.clamp(min=1e-6), iou


def focal(logit, target, weight):
    """Quality focal loss: cross-entropy towards a soft target, scaled by the squared miss (Li et al., NeurIPS 2020)."""
    miss = (torch.sigmoid(logit) - target).abs().square()
    return (F.binary_cross_entropy_with_logits(logit, target, reduction="none") * miss * weight).sum()


def detector_loss(raw, kind, values, cells):
    """raw [N, cells, 16] → (total, parts). Boxes are compared in units of the cell's stride."""
    raw = raw.float()
    positive = kind == yunet.POSITIVE
    weight = (kind != yunet.IGNORED).float()
    count = positive.sum().clamp(min=1).float()
    stride = cells[:, 2].expand(raw.shape[0], -1)[positive]
    anchor = cells[:, :2].expand(raw.shape[0], -1, -1)[positive] / stride[:, None]
    out = raw[positive]
    extent = out[:, 4:6].clamp(-3.0, 6.0).exp()
    centre = out[:, 2:4] + anchor
    predicted = torch.cat([centre - extent / 2, centre + extent / 2], dim=1)
    wanted = values[positive]
    generalised, iou = giou(predicted, wanted[:, 0:4] / stride[:, None])
    box_loss = (1.0 - generalised).sum() / count
    # Landmark misses weigh by the face's own size, so that small faces are not free.
    size = (wanted[:, 2:4] - wanted[:, 0:2]).prod(dim=1).clamp(min=1.0).sqrt() / stride
    kps_loss = F.smooth_l1_loss(
        out[:, 6:16] / size[:, None], wanted[:, 4:14] / size[:, None], beta=0.02, reduction="none"
    ).mean(dim=1).sum() / count
    quality = torch.zeros_like(weight)
    quality[positive] = iou.detach().clamp(min=0.0).sqrt()
    cls_loss = focal(raw[..., 0], quality, weight) / count
    obj_loss = focal(raw[..., 1], positive.float(), weight) / count
    parts = {"cls": cls_loss, "obj": obj_loss, "box": box_loss, "kps": kps_loss}
    return 1.5 * cls_loss + 1.5 * obj_loss + 1.5 * box_loss + 8.0 * kps_loss, parts


def batch_of(store, indices, pictures, size, seed, step):
    crops, kinds, values = [], [], []
    for k in range(size):
        rng = np.random.default_rng([seed, step, k])
        crop, kind, value = detector_data.training_crop(store, int(indices[rng.integers(len(indices))]), rng, pictures)
        crops.append(crop)
        kinds.append(kind)
        values.append(value)
    image = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)  # NHWC in memory already: channels_last
    return image.float(), torch.from_numpy(np.stack(kinds)), torch.from_numpy(np.stack(values))


def studio_faces(root):
    """Studio pictures with a face box of the identities that the embedder trains on, by its own split; none without its
    data."""
    try:
        faces = read_faces(root)
    except ManifestError:
        return []
    training = set(split_identities(faces)[0])
    return [f for f in faces if f["identity"] in training and f["box"] is not None and not f["lane"]]


def merit(figures):
    """What the best checkpoint is chosen by: recall less the landmark error, both of the held-out frames."""
    return figures["recall"] - (1.0 if figures["landmark_error_median"] is None else figures["landmark_error_median"])


def torch_infer(net):
    def infer(image):
        with torch.no_grad():
            x = torch.from_numpy(image).permute(2, 0, 1)[None].float()
            return {name: y[0].numpy() for name, y in zip(DETECTOR_OUTPUTS, net(x))}

    return infer


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True, help="folder that holds detector/frames.jsonl")
    p.add_argument("--cache-gb", type=float, default=4.0)
    p.add_argument("--evaluate-frames", type=int, default=80)
    schedule.add_arguments(p, batch=24, peak_rate=2e-3)
    args = p.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    store = detector_data.FrameStore(read_frames(args.data), cache_gb=args.cache_gb)
    training, held = split_frames(store.frames)
    # Studio faces of the embedder's training identities, to be laid over the frames.
    pictures = studio_faces(args.data)
    # The same few frames at every look, spread over the held-out part.
    looked_at = held[:: max(1, len(held) // args.evaluate_frames)][: args.evaluate_frames]
    net = Detector().to(memory_format=torch.channels_last)
    print(f"{parameter_count(net)} parameters, {len(training)} training and {len(held)} held-out frames, "
          f"{len(pictures)} studio faces", flush=True)
    cells = torch.from_numpy(detector_data.CELLS)
    judged = Detector()

    def loss_of(step, _progress):
        image, kind, values = batch_of(store, training, pictures, args.batch, args.seed, step)
        with schedule.arithmetic():
            raw = net(image, raw=True)
        total, parts = detector_loss(raw, kind, values, cells)
        return total, " ".join(f"{k} {v.item():.3f}" for k, v in parts.items())

    def judge(weights, final):
        judged.load_state_dict(weights)
        judged.eval()
        figures = detector_data.evaluate(store, held if final else looked_at, torch_infer(judged))
        print(f"  held out: {figures}", flush=True)
        return merit(figures), figures

    facts = {"training_frames": len(training), "studio_faces": len(pictures)}
    schedule.Training("detector", net, args, weight_decay=0.02).run(loss_of, judge, facts)


if __name__ == "__main__":
    try:
        main()
    except ManifestError as e:
        sys.exit(f"error: {e}")
