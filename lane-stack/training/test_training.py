"""`python -m unittest` here: oracles of the geometry, the target maps, the decoder and the figures."""

import unittest

import numpy as np

import detector_data
import embedder_data
import yunet
from geometry import MIRROR_ORDER, T112, mirror_landmarks, similarity
from manifest import split_frames, split_identities


class Geometry(unittest.TestCase):
    def test_a_known_similarity_is_found_back(self):
        c, s = 1.7 * np.cos(0.6), 1.7 * np.sin(0.6)
        truth = np.array([[c, -s, -8.0], [s, c, 21.5]])
        moved = T112 @ truth[:, :2].T + truth[:, 2]
        np.testing.assert_allclose(similarity(T112, moved), truth, atol=1e-9)

    def test_mirroring_twice_is_nothing_and_keeps_left_left(self):
        once = mirror_landmarks(T112, 112)
        self.assertLess(once[0, 0], once[1, 0])
        self.assertLess(once[3, 0], once[4, 0])
        np.testing.assert_allclose(mirror_landmarks(once, 112), T112)
        self.assertEqual([MIRROR_ORDER[i] for i in MIRROR_ORDER], list(range(5)))


class Yunet(unittest.TestCase):
    def ideal_outputs(self, side, boxes, marks):
        cells = yunet.anchors(side, side)
        kind, values = yunet.assign(cells, boxes, marks, [])
        stride = cells[:, 2:3]
        x0, y0, x1, y1 = values[:, 0:4].T
        positive = kind == yunet.POSITIVE
        with np.errstate(divide="ignore", invalid="ignore"):
            bbox = np.stack([
                (x0 + x1) / 2 / stride[:, 0] - cells[:, 0] / stride[:, 0],
                (y0 + y1) / 2 / stride[:, 0] - cells[:, 1] / stride[:, 0],
                np.log((x1 - x0) / stride[:, 0]), np.log((y1 - y0) / stride[:, 0]),
            ], axis=1)
        outputs, start = {}, 0
        for s in yunet.STRIDES:
            n = (side // s) ** 2
            part = slice(start, start + n)
            start += n
            outputs[f"cls_{s}"] = outputs[f"obj_{s}"] = positive[part, None].astype(float)
            outputs[f"bbox_{s}"] = np.where(positive[part, None], bbox[part], 0.0)
            outputs[f"kps_{s}"] = values[part, 4:14]
        return outputs, positive

    def test_what_is_assigned_decodes_to_the_same_faces(self):
        boxes, marks = [], []
        for x, y, half in ((40.3, 50.1, 6.0), (150.0, 60.5, 24.0), (200.0, 220.0, 75.0)):
            boxes.append(np.array([x - half, y - 1.3 * half, x + half, y + 1.3 * half]))
            marks.append(np.array([x, y]) + (T112 - 56.0) * half / 50.0)
        outputs, positive = self.ideal_outputs(320, boxes, marks)
        self.assertGreater(positive.sum(), 3)
        scores, found, points = yunet.decode(outputs, 320, 320)
        self.assertEqual(len(scores), 3)
        for box, mark in zip(boxes, marks):
            k = int(np.argmin(np.abs(found - box).sum(axis=1)))
            np.testing.assert_allclose(found[k], box, atol=1e-3)
            np.testing.assert_allclose(points[k], mark, atol=1e-3)

    def test_every_face_has_a_cell_whatever_its_size_and_place(self):
        rng = np.random.default_rng(5)
        cells = yunet.anchors(320, 320)
        for _ in range(300):
            half = np.exp(rng.uniform(np.log(4.5), np.log(140.0)))
            x, y = rng.uniform(30, 290, 2)
            kind, _ = yunet.assign(cells, [np.array([x - half, y - half, x + half, y + half])], [np.zeros((5, 2))], [])
            self.assertTrue((kind == yunet.POSITIVE).any(), (half, x, y))

    def test_figures_of_merit_by_hand(self):
        marks = (T112 - 56.0) * 0.2 + 20.0
        face = (np.array([10.0, 10.0, 30.0, 30.0]), marks, "count")
        side = (np.array([60.0, 60.0, 80.0, 80.0]), marks + 50.0, "optional")
        boxes = np.array([[10.0, 10.0, 30.0, 30.0], [100.0, 0.0, 120.0, 20.0], [60.0, 60.0, 80.0, 80.0]])
        verdicts, found = yunet.tally((np.array([0.9, 0.6, 0.5]), boxes, np.stack([marks] * 3)), [face, side])
        self.assertEqual(verdicts, [(0.9, True), (0.6, False)])
        self.assertEqual(found, [(0.9, 0.0)])
        summary = yunet.summarise(verdicts, found, frames=1)
        self.assertEqual((summary["recall"], summary["threshold_at_alarms"]), (1.0, 0.6))


class HeldOut(unittest.TestCase):
    def test_a_family_takes_its_people_and_frames_out_of_the_training(self):
        faces = [{"identity": i, "held_out": i == 3 and view == 1} for i in range(10) for view in range(2)]
        self.assertEqual(split_identities(faces), ([0, 1, 2, 4, 5, 6, 7, 8, 9], [3]))
        self.assertEqual(split_frames([("a", [], False), ("b", [], True), ("c", [], False)]), ([0, 2], [1]))

    def test_without_families_the_last_tenth_is_held_out(self):
        faces = [{"identity": i, "held_out": False} for i in range(20)]
        self.assertEqual(split_identities(faces), (list(range(18)), [18, 19]))

    def test_a_face_of_a_held_out_family_is_neither_demanded_nor_forbidden(self):
        box = np.array([60.0, 60.0, 140.0, 150.0])
        marks = (T112 - 56.0) + 100.0
        image = np.full((320, 320, 3), 90, np.uint8)

        class Store:
            def image(self, _):
                return image

            def faces(self, _):
                return [{"box": box, "landmarks": marks, "visible_share": 1.0, "yaw_deg": 0.0, "held_out": self.held}]

        store, positives = Store(), {}
        for store.held in (False, True):
            kinds = [detector_data.training_crop(store, 0, np.random.default_rng(k))[1] for k in range(8)]
            positives[store.held] = sum(int((kind == yunet.POSITIVE).sum()) for kind in kinds)
        self.assertGreater(positives[False], 0)
        self.assertEqual(positives[True], 0)


class Verification(unittest.TestCase):
    def test_separable_sets_have_no_error_and_known_rates_come_out(self):
        same, different = np.linspace(0.6, 0.9, 100), np.linspace(-0.2, 0.3, 10000)
        figures = embedder_data.verification(same, different)
        self.assertEqual(figures["eer"], 0.0)
        self.assertEqual(figures["true_match_at_fmr_0.1%"], 1.0)
        self.assertAlmostEqual(figures["threshold_at_fmr_0.1%"], 0.3 - 0.5 * 0.001, places=3)
        mixed = embedder_data.verification(np.linspace(0.0, 1.0, 1001), np.linspace(-0.5, 0.5, 1001))
        self.assertAlmostEqual(mixed["eer"], 0.25, places=2)


if __name__ == "__main__":
    unittest.main()
