"""Anchors, target maps and the decoder of the YuNet output family, and the detector's figures of merit. NumPy only."""

import numpy as np

STRIDES = (8, 16, 32)
# Face size (geometric mean of width and height, network pixels) that a stride answers for; beside it a band in which
# the stride may answer but need not, so that a face on a border is not pushed both ways.
ANSWERS = {8: (0.0, 36.0), 16: (28.0, 88.0), 32: (72.0, 1e9)}
MAY = {8: (0.0, 52.0), 16: (20.0, 120.0), 32: (50.0, 1e9)}
NEGATIVE, POSITIVE, IGNORED = 0, 1, 2


def anchors(height, width):
    """[cells, 3]: x, y, stride of every cell, stride by stride, row-major; at the cell's corner, not its middle."""
    rows = []
    for s in STRIDES:
        ys, xs = np.mgrid[0 : height // s, 0 : width // s]
        rows.append(np.stack([xs.ravel() * s, ys.ravel() * s, np.full(xs.size, s)], axis=1))
    return np.concatenate(rows).astype(np.float32)


def assign(cells, boxes, landmarks, ignore_boxes):
    """Targets for one picture: kind [cells] and values [cells, 14] (box x0 y0 x1 y1 in pixels, landmarks in strides).

    A face is answered by the cells within 1.5 strides of its centre (at most 3×3, fewer on a small face, never none).
    Where faces compete for a cell the smaller one has it.
    """
    kind = np.zeros(len(cells), np.uint8)
    values = np.zeros((len(cells), 14), np.float32)
    for x0, y0, x1, y1 in ignore_boxes:
        inside = (cells[:, 0] >= x0) & (cells[:, 0] <= x1) & (cells[:, 1] >= y0) & (cells[:, 1] <= y1)
        kind[inside] = IGNORED
    order = sorted(range(len(boxes)), key=lambda i: -_size(boxes[i]))
    chosen = []
    for i in order:
        x0, y0, x1, y1 = boxes[i]
        size = _size(boxes[i])
        dx = np.abs(cells[:, 0] - (x0 + x1) / 2.0)
        dy = np.abs(cells[:, 1] - (y0 + y1) / 2.0)
        for s in STRIDES:
            of_stride = cells[:, 2] == s
            near = of_stride & (np.maximum(dx, dy) <= min(1.5 * s, max(0.55 * s, 0.4 * size)))
            if ANSWERS[s][0] <= size < ANSWERS[s][1]:
                chosen.append((near, i))
            elif MAY[s][0] <= size < MAY[s][1]:
                kind[near] = IGNORED
    for near, i in chosen:
        kind[near] = POSITIVE
        values[near, 0:4] = boxes[i]
        points = (landmarks[i][None] - cells[near, None, 0:2]) / cells[near, 2][:, None, None]
        values[near, 4:14] = points.reshape(-1, 10)
    return kind, values


def _size(box):
    return float(np.sqrt(max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)))


def decode(outputs, height, width, threshold=0.5, nms_iou=0.45):
    """One picture's detections from named YuNet outputs (each [n, C]): scores [k], boxes [k, 4], landmarks [k, 5, 2]."""
    cat = lambda kind: np.concatenate([outputs[f"{kind}_{s}"] for s in STRIDES])
    cells = anchors(height, width)
    score = cat("cls")[:, 0] * cat("obj")[:, 0]
    keep = score >= threshold
    score, cells = score[keep], cells[keep]
    bbox, kps = cat("bbox")[keep], cat("kps")[keep]
    stride = cells[:, 2:3]
    centre = bbox[:, 0:2] * stride + cells[:, 0:2]
    extent = np.exp(bbox[:, 2:4]) * stride
    boxes = np.concatenate([centre - extent / 2.0, centre + extent / 2.0], axis=1)
    points = kps.reshape(-1, 5, 2) * stride[:, None] + cells[:, None, 0:2]
    kept = suppress(boxes, score, nms_iou)
    return score[kept], boxes[kept], points[kept]


def iou_of(box, boxes):
    lo = np.maximum(box[0:2], boxes[:, 0:2])
    hi = np.minimum(box[2:4], boxes[:, 2:4])
    both = np.prod(np.clip(hi - lo, 0.0, None), axis=1)
    area = lambda b: (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    return both / np.maximum(area(box) + area(boxes) - both, 1e-9)


def suppress(boxes, score, limit):
    """Greedy non-maximum suppression; indices of what stays, best first (ties by index)."""
    order = np.lexsort((np.arange(len(score)), -score))
    kept = []
    while len(order):
        first, order = order[0], order[1:]
        kept.append(first)
        order = order[iou_of(boxes[first], boxes[order]) <= limit]
    return np.array(kept, int)


def tally(detections, faces, overlap=0.4):
    """Matches one frame's detections with its truth.

    `faces`: (box, landmarks, kind) with kind "count" (must be found), "optional" (may be found).
    Returns ([(score, is_true)], [(score or None, landmark error / inter-eye)] one per face that counts).
    """
    scores, boxes, points = detections
    truth = np.array([f[0] for f in faces], np.float64).reshape(-1, 4)
    taken = np.full(len(faces), -1)
    verdicts = []
    for d in range(len(scores)):
        overlaps = iou_of(boxes[d], truth) if len(truth) else np.zeros(0)
        best = int(np.argmax(overlaps)) if len(overlaps) else -1
        if best >= 0 and overlaps[best] >= overlap:
            if taken[best] < 0:
                taken[best] = d
                if faces[best][2] == "count":
                    verdicts.append((float(scores[d]), True))
                continue
            # A second answer for one face is a false alarm, unless the face is one that need not be found.
            if faces[best][2] == "optional":
                continue
        elif best >= 0 and any(f[2] == "optional" and _holds(f[0], boxes[d]) for f in faces):
            continue
        verdicts.append((float(scores[d]), False))
    found = []
    for i, (_, marks, kind) in enumerate(faces):
        if kind != "count":
            continue
        if taken[i] < 0:
            found.append((None, None))
        else:
            eyes = max(float(np.hypot(*(marks[1] - marks[0]))), 1e-6)
            error = float(np.hypot(*(points[taken[i]] - marks).T).mean()) / eyes
            found.append((float(scores[taken[i]]), error))
    return verdicts, found


def _holds(outer, box):
    cx, cy = (box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0
    return outer[0] <= cx <= outer[2] and outer[1] <= cy <= outer[3]


def summarise(verdicts, found, frames, alarms_per_frame=0.1):
    """Recall at the score where false alarms reach `alarms_per_frame`, with that score and the median landmark error."""
    false_scores = np.sort([s for s, true in verdicts if not true])[::-1]
    allowed = int(alarms_per_frame * frames)
    threshold = float(false_scores[allowed]) if len(false_scores) > allowed else 0.0
    hits = [(s, e) for s, e in found if s is not None and s > threshold]
    errors = [e for _, e in hits]
    return {
        "faces": len(found),
        "frames": frames,
        "recall": len(hits) / max(len(found), 1),
        "threshold_at_alarms": threshold,
        "recall_at_0.5": sum(s is not None and s >= 0.5 for s, _ in found) / max(len(found), 1),
        "alarms_per_frame_at_0.5": float((false_scores >= 0.5).sum()) / max(frames, 1),
        "landmark_error_median": float(np.median(errors)) if errors else None,
    }
