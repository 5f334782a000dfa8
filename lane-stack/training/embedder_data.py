"""Aligned faces in memory, their augmentation, and the verification figures of an embedder."""

import sys

import cv2
import numpy as np

from geometry import ALIGNED_SIDE, MIRROR_ORDER, T112, align, similarity
from manifest import ManifestError, split_identities
from photometric import degrade

# Kept in memory: the face at 1.25 × the template's size with a margin of 18 px, so that jittered alignments have both
# the detail and the surroundings they need.
KEPT_SCALE, KEPT_MARGIN = 1.25, 18.0
KEPT_SIDE = int(ALIGNED_SIDE * KEPT_SCALE + 2 * KEPT_MARGIN)
KEPT_POINTS = T112 * KEPT_SCALE + KEPT_MARGIN
INTER_EYE_PX = float(np.hypot(*(KEPT_POINTS[1] - KEPT_POINTS[0])))


class FaceStore:
    """All faces as uint8 [n, side, side, 3] BGR with their landmarks, identities and kinds."""

    def __init__(self, faces):
        count = len(faces)
        self.faces = faces
        self.images = np.empty((count, KEPT_SIDE, KEPT_SIDE, 3), np.uint8)
        self.points = np.empty((count, 5, 2), np.float64)
        self.identity = np.array([f["identity"] for f in faces])
        self.portrait = np.array([f["kind"] == "portrait" for f in faces])
        self.worn = np.array([f["worn"] for f in faces])
        self.lane = np.array([f["lane"] for f in faces])
        # Running number of the face among its identity's: with the identity it seeds the held-out degradation, so that
        # the same faces are judged alike whichever others are loaded.
        self.view = np.zeros(count, int)
        seen = {}
        for k, identity in enumerate(self.identity.tolist()):
            self.view[k] = seen[identity] = seen.get(identity, -1) + 1
        for k, face in enumerate(faces):
            path, landmarks = face["path"], face["landmarks"]
            image = cv2.imread(path, cv2.IMREAD_COLOR)
            if image is None:
                raise ManifestError(f"{path}: cannot be read as a picture; a JPEG or PNG is right")
            self.images[k] = align(image, landmarks, KEPT_POINTS, KEPT_SIDE)
            # The similarity leaves residuals (a turned head is no template): keep where the landmarks really went.
            matrix = similarity(landmarks, KEPT_POINTS)
            self.points[k] = landmarks @ matrix[:, :2].T + matrix[:, 2]
            if k % 4000 == 3999:
                print(f"  {k + 1} of {count} faces read", file=sys.stderr, flush=True)

    def split(self):
        """(training identities, held-out identities)."""
        return split_identities(self.faces)

    def aligned(self, index, rng=None, jitter=0.0, flip=False):
        """BGR uint8 112×112; `jitter` is the landmark noise per axis in inter-eye distances."""
        image, points = self.images[index], self.points[index]
        if rng is not None and jitter > 0.0:
            points = points + rng.normal(0.0, jitter * INTER_EYE_PX, (5, 2))
        if flip:
            image = image[:, ::-1]
            points = points[MIRROR_ORDER] * [-1.0, 1.0] + [KEPT_SIDE - 1.0, 0.0]
            image = np.ascontiguousarray(image)
        return cv2.warpAffine(image, similarity(points, T112), (ALIGNED_SIDE, ALIGNED_SIDE), flags=cv2.INTER_LINEAR)


def _occlude(image, rng):
    """A visor's shadow, a hand, a head-rest: a flat or noisy patch, at times the whole lower or upper part."""
    side = image.shape[0]
    if rng.random() < 0.3:
        edge = int(rng.uniform(0.12, 0.38) * side)
        y0, y1 = (0, edge) if rng.random() < 0.5 else (side - edge, side)
        x0, x1 = 0, side
    else:
        w, h = (rng.uniform(0.12, 0.42, 2) * side).astype(int)
        x0, y0 = int(rng.integers(-w // 2, side - w // 2)), int(rng.integers(-h // 2, side - h // 2))
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), x0 + w, y0 + h
    patch = image[y0:y1, x0:x1]
    if rng.random() < 0.4:
        patch[:] = (patch * rng.uniform(0.2, 0.6)).astype(np.uint8)
    else:
        patch[:] = rng.integers(0, 256, 3, np.uint8)
    return image


def training_face(store, index, rng, strength=1.0):
    """RGB uint8 112×112, varied; at `strength` 1 strongly."""
    jitter = abs(rng.normal(0.0, 0.06 * strength))
    face = store.aligned(index, rng, jitter, flip=rng.random() < 0.5)
    if rng.random() < 0.25 * strength:
        face = _occlude(face, rng)
    if rng.random() < 0.9:
        shrink = 0.25 ** strength
        face = degrade(face, rng, strength, 0.5 + 1.5 * strength, 2.5 + 3.5 * strength, shrink)
    return face[:, :, ::-1]


def held_out_batches(store, indices, hard, size=128):
    """RGB uint8 batches of the held-out faces. `hard`: crossings get landmark noise and mild seeded degradation."""
    for start in range(0, len(indices), size):
        faces = []
        for index in indices[start : start + size]:
            if hard and not store.portrait[index]:
                rng = np.random.default_rng([99, int(store.identity[index]), int(store.view[index])])
                face = degrade(store.aligned(index, rng, 0.03), rng, 0.5, 1.2, 4.0, shrink=0.4)
            else:
                face = store.aligned(index)
            faces.append(face[:, :, ::-1])
        yield np.ascontiguousarray(np.stack(faces))


def verification(same, different):
    """EER, and the cosine threshold and true-match rate at FMR 0.1 % and 1 % from two sets of cosine similarities."""
    same, different = np.sort(same), np.sort(different)
    grid = np.unique(np.concatenate([same, different[:: max(1, len(different) // 20000)]]))
    misses = np.searchsorted(same, grid, side="left") / len(same)
    matches = 1.0 - np.searchsorted(different, grid, side="left") / len(different)
    at = int(np.argmin(np.abs(misses - matches)))
    out = {
        "same_pairs": len(same), "different_pairs": len(different),
        "same_mean": float(same.mean()), "same_sd": float(same.std()),
        "different_mean": float(different.mean()), "different_sd": float(different.std()),
        "different_max": float(different[-1]),
        "eer": float((misses[at] + matches[at]) / 2.0),
    }
    for name, rate in (("fmr_0.1%", 0.001), ("fmr_1%", 0.01)):
        rank = max(0, int(np.ceil(len(different) * (1.0 - rate))) - 1)
        threshold = float(different[rank])
        out[f"threshold_at_{name}"] = threshold
        out[f"true_match_at_{name}"] = float((same > threshold).mean())
    return out


def _both_kinds(store, indices):
    if not store.portrait[indices].any() or store.portrait[indices].all():
        raise ManifestError("the held-out identities need both portraits and crossings")


def evaluate(store, identities, embed):
    """`embed(RGB uint8 [n, 112, 112, 3]) → unit vectors` on held-out identities, portrait against crossing.

    Gives figures for the pictures as rendered ("clean"), degraded ("hard"), and pooled; of the clean ones also those of
    faces cut out of lane frames ("lane"), those of people with nothing on head and face ("bare"), and of these by group,
    each group's people against everybody's portraits.
    """
    indices = np.flatnonzero(np.isin(store.identity, identities))
    _both_kinds(store, indices)
    gallery, probe = indices[store.portrait[indices]], indices[~store.portrait[indices]]
    alike = store.identity[gallery][:, None] == store.identity[probe][None]
    cosines = {}
    for name in ("clean", "hard"):
        vectors = np.concatenate([embed(b) for b in held_out_batches(store, indices, name == "hard")])
        portrait = store.portrait[indices]
        cosines[name] = vectors[portrait] @ vectors[~portrait].T

    def figures_of(cosine, columns):
        part, same = cosine[:, columns], alike[:, columns]
        best = np.argmax(part, axis=0)
        return {**verification(part[same], part[~same]), "rank_1": float(same[best, np.arange(same.shape[1])].mean())}

    def counted(columns):
        # A handful of pictures says nothing of a group.
        return alike[:, columns].sum() >= 20

    everything = np.ones(len(probe), bool)
    figures = {"identities": len(identities)}
    for name, cosine in cosines.items():
        figures[name] = figures_of(cosine, everything)
    bare = ~store.worn[probe]
    for name, columns in (("lane", store.lane[probe] & bare), ("bare", bare)):
        if counted(columns):
            figures[name] = figures_of(cosines["clean"], columns)
    groups = {}
    for kind in ("tone", "sex", "age"):
        names = np.array([store.faces[k]["groups"].get(kind, "") for k in probe])
        for name in sorted(set(names) - {""}):
            columns = bare & (names == name)
            if counted(columns):
                groups[name] = figures_of(cosines["clean"], columns)
    figures["groups"] = groups
    pooled = [np.concatenate([c[alike if same else ~alike] for c in cosines.values()]) for same in (True, False)]
    figures["pooled"] = verification(*pooled)
    return figures
