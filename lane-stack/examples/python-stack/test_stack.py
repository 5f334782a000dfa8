"""`python -m unittest` here: the stack without its models, and what is said at both doors."""

import http.client
import io
import json
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

import exec_door
import http_door
from lane import Encounter, Frame, RefusedError, Stack, decode
from models import Card, Detector, Face, Floats, Picture, SetupError, chosen_card, similarity, unit
from quality import HEAD_MM, TEMPLATE_PX, Rule, measure, pose_deg

TOKEN = "0123456789abcdef0123456789abcdef"
SIZE = 200


def portrait(colour: tuple[int, int, int]) -> Picture:
    """A chequered square of a colour, which the fakes take for a face."""
    squares = np.indices((SIZE, SIZE)).sum(axis=0) // 8 % 2
    return np.asarray(np.array(colour) * (0.5 + 0.5 * squares[:, :, None]), np.uint8)


def png(picture: Picture) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1])


def face_at(x: float, y: float = 40.0, score: float = 0.9) -> Face:
    shift = np.array([x, y], np.float32)
    return Face(np.concatenate([shift, shift + 112]).astype(np.float32), TEMPLATE_PX + shift, score)


class FakeDetector:
    """A face in the middle of every picture that is not dark."""

    card = Card("fake-detector", Path("none.onnx"), "00", {"in_domain": True})

    def find(self, picture: Picture, width_px: int) -> list[Face]:
        return [face_at(40.0)] if picture.mean() > 20 else []


class FakeEmbedder:
    """The colour of a face is its direction."""

    card = Card("fake-embedder", Path("none.onnx"), "00", {})
    threshold = 0.9

    def align(self, picture: Picture, landmarks_px: Floats) -> Picture | None:
        return picture[40:152, 40:152]

    def embed(self, crop: Picture) -> Floats:
        return unit(crop.reshape(-1, 3).mean(axis=0).astype(np.float32))


def fake_stack() -> Stack:
    return Stack(FakeDetector(), FakeEmbedder())  # type: ignore[arg-type]


def frame(exposure_id: int, encoding: str = "png") -> Frame:
    return Frame("front", exposure_id, 100_000 * exposure_id, encoding)


class Geometry(unittest.TestCase):
    def test_a_known_similarity_is_found_back(self) -> None:
        turn = 1.7 * np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
        moved = (TEMPLATE_PX @ turn.T + [-8.0, 21.5]).astype(np.float32)
        found = similarity(TEMPLATE_PX, moved)
        assert found is not None
        np.testing.assert_allclose(found, np.hstack([turn, [[-8.0], [21.5]]]), atol=1e-4)
        self.assertIsNone(similarity(np.ones((5, 2), np.float32), TEMPLATE_PX))

    def test_the_angles_of_a_projected_head_come_back_with_their_signs(self) -> None:
        for yaw, pitch, roll in [(0, 0, 0), (30, 0, 0), (-45, 0, 0), (0, 20, 0), (0, 0, 25)]:
            y, p, r = np.radians([yaw, pitch, roll])
            x, z = HEAD_MM[:, 0] * np.cos(y) + HEAD_MM[:, 2] * np.sin(y), HEAD_MM[:, 2] * np.cos(y)
            z = z - HEAD_MM[:, 0] * np.sin(y)
            down = HEAD_MM[:, 1] * np.cos(p) + z * np.sin(p)
            seen = np.stack([x * np.cos(r) + down * np.sin(r), down * np.cos(r) - x * np.sin(r)], axis=1)
            found = pose_deg((300 + 1.4 * seen).astype(np.float32))
            assert found is not None
            np.testing.assert_allclose(found, (yaw, pitch, roll), atol=0.1)


class Measures(unittest.TestCase):
    def test_blur_lowers_sharpness_and_darkness_does_not(self) -> None:
        picture = portrait((200, 180, 160))
        landmarks = TEMPLATE_PX + 40
        sharp, blurred, dark = (
            measure(np.asarray(p, np.uint8), landmarks)
            for p in (picture, cv2.GaussianBlur(picture, (0, 0), 3), picture // 2)
        )
        assert sharp and blurred and dark
        self.assertLess(blurred.sharpness, sharp.sharpness - 25.0)
        self.assertAlmostEqual(dark.sharpness, sharp.sharpness, delta=2.0)
        self.assertAlmostEqual(dark.mean_luminance, sharp.mean_luminance / 2, delta=0.01)

    def test_the_rule_names_every_bound_that_is_broken(self) -> None:
        quality = measure(portrait((200, 180, 160)), TEMPLATE_PX + 40)
        assert quality
        broken = Rule(max_yaw_deg=-1.0, min_score=0.95, min_entropy_bits=0.0, min_inter_eye_px=0.0).broken(0.9, quality)
        self.assertEqual([words.split()[0] for words in broken], ["score", "yaw_deg"])
        self.assertTrue(any("score nan" in words for words in Rule().broken(float("nan"), quality)))


class Decoding(unittest.TestCase):
    def test_every_encoding_gives_the_same_picture(self) -> None:
        picture = portrait((200, 180, 160))
        np.testing.assert_array_equal(decode(frame(1), png(picture)), picture)
        raw = Frame("front", 1, 0, "rgb8", (SIZE, SIZE))
        np.testing.assert_array_equal(decode(raw, picture[:, :, ::-1].tobytes()), picture)
        mono = decode(Frame("front", 1, 0, "mono8", (SIZE, SIZE)), picture[:, :, 0].tobytes())
        np.testing.assert_array_equal(mono, np.repeat(picture[:, :, :1], 3, axis=2))

    def test_what_is_no_picture_is_refused(self) -> None:
        jpeg = bytes(cv2.imencode(".jpg", portrait((200, 180, 160)))[1])
        raw = Frame("front", 1, 0, "mono8", (SIZE, SIZE))
        for about, data in [
            (frame(1), b"nothing"),
            (frame(1), jpeg),
            (frame(1, "jpeg"), jpeg[:-100]),
            (raw, b"too few"),
            (frame(1, "mono8"), b""),
        ]:
            with self.assertRaises(RefusedError) as caught:
                decode(about, data)
            self.assertEqual(caught.exception.kind, "undecodable")


class Tracking(unittest.TestCase):
    def test_a_face_is_followed_by_overlap_in_its_camera_and_for_a_while(self) -> None:
        encounter = Encounter()
        self.assertEqual(encounter.follow("a", 0, [face_at(0), face_at(200)]), [0, 1])
        self.assertEqual(encounter.follow("a", 100_000, [face_at(220), face_at(30), face_at(600)]), [1, 0, 2])
        self.assertEqual(encounter.follow("b", 200_000, [face_at(30)]), [3])
        self.assertEqual(encounter.follow("a", 9_000_000, [face_at(30)]), [4])


class Deciding(unittest.TestCase):
    def test_the_person_is_found_among_others(self) -> None:
        stack = fake_stack()
        stack.rule = Rule(min_entropy_bits=0.0, min_inter_eye_px=0.0)
        for name, colour in [("traveller-1", (200, 40, 40)), ("traveller-2", (40, 200, 40))]:
            stack.enrol(name, frame(0), png(portrait(colour)))
        with self.assertRaises(RefusedError) as caught:
            stack.enrol("nobody", frame(0), png(portrait((0, 0, 0))))
        self.assertEqual(caught.exception.kind, "no-face")
        encounter = Encounter()
        faces = [stack.push(encounter, frame(i), png(portrait((60, 190, 60)))) for i in range(4)]
        decisions = stack.decide(encounter)
        self.assertEqual((faces, len(decisions["detections"]), len(decisions["best_shots"])), ([1] * 4, 4, 1))
        best = decisions["best_shots"][0]
        self.assertEqual((best["matched"], best["valid"]), ("traveller-2", True))
        self.assertEqual([c["reference_id"] for c in best["candidates"]], ["traveller-2", "traveller-1"])


class Cards(unittest.TestCase):
    def test_another_file_or_kind_than_the_card_says_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            card, model = Path(folder, "card.toml"), Path(folder, "net.onnx")
            model.write_bytes(b"net")
            for text, word in [
                ('kind = "detector"\nname = "x"\nfile = "net.onnx"\nsha256 = "00"\n', "SHA-256"),
                ('kind = "embedder"\nname = "x"\nfile = "net.onnx"\n', "kind"),
                ('kind = "detector"\nname = "x"\nfile = "none.onnx"\n', "none.onnx"),
                ("kind = \n", "card.toml"),
            ]:
                card.write_text(text)
                with self.assertRaisesRegex(SetupError, word):
                    Card.read(card, Path(folder), "detector")
            card.write_text('kind = "detector"\nname = "x"\nfile = "net.onnx"\n[decoder]\nfamily = "retinaface"\n')
            with self.assertRaisesRegex(SetupError, "YuNet"):
                Detector(Card.read(card, Path(folder), "detector"))

    def test_a_card_is_the_named_one_or_the_folders_or_a_well_known_one(self) -> None:
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            self.assertEqual(chosen_card("detector", None, folder).name, "yunet-n.toml")
            for name in ("mine.toml", "other.toml"):
                (folder / name).touch()
            (folder / "stack.toml").write_text('detector = "mine"\nembedder = "none.toml"\n')
            self.assertEqual(chosen_card("detector", None, folder), folder / "mine.toml")
            self.assertEqual(chosen_card("detector", "other", folder), folder / "other.toml")
            with self.assertRaisesRegex(SetupError, "none.toml"):
                chosen_card("embedder", None, folder)


class ExecDoor(unittest.TestCase):
    def test_calls_are_answered_line_by_line_and_nonsense_is_told(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(png(portrait((200, 40, 40))))
            file.flush()
            about = {"path": file.name, "encoding": "png", "camera_id": "a", "exposure_id": 1, "mid_exposure_us": 0}
            calls = [
                {"call": "describe", "protocol": 1},
                {"call": "enrol", "reference_id": "traveller-1", "picture": about},
                {"call": "push_frame", "frame": about},
                {"call": "open_encounter", "encounter": 1},
                {"call": "push_frame", "frame": about},
                {"call": "push_frame", "frame": about | {"encoding": "jpeg"}},
                {"call": "close_encounter"},
            ]
            lines = io.BytesIO(b"".join(json.dumps(call).encode() + b"\n" for call in calls))
            answers = io.BytesIO()
            exec_door.serve(fake_stack(), lines, answers)
        said = [json.loads(line) for line in answers.getvalue().splitlines()]
        self.assertEqual(said[0]["ok"]["protocol"], 1)
        described = dict(said[0]["ok"]["about"])
        self.assertIn("optimistic", described["detector"])
        self.assertNotIn("optimistic", described["embedder"])
        self.assertEqual(described["in_domain"], "true")
        self.assertEqual((said[1], said[3], said[4]), ({"ok": {}}, {"ok": {}}, {"ok": {"control": []}}))
        self.assertEqual((said[2]["error"]["kind"], said[5]["error"]["kind"]), ("out-of-order", "undecodable"))
        self.assertEqual(said[6]["ok"]["decisions"]["best_shots"][0]["matched"], "traveller-1")


class HttpDoor(unittest.TestCase):
    FRAME: ClassVar[str] = "/v1/encounters/e1/frames?camera_id=a&mid_exposure_us=0&exposure_us=9&gain_db=0"

    def setUp(self) -> None:
        self.server = http_door.listen(fake_stack(), TOKEN, 0)
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def call(self, method: str, path: str, body: bytes = b"", token: str = TOKEN) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)
        connection.request(method, path, body, {"Authorization": f"Bearer {token}", "Content-Type": "image/png"})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, json.loads(data) if data else None

    def refusal(self, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
        status, problem = self.call(method, path, body)
        return status, problem["type"].rsplit(":", 1)[-1]

    def test_all_but_health_needs_the_token(self) -> None:
        self.assertEqual(self.call("GET", "/v1/health", token="wrong"), (200, {"status": "ok"}))
        self.assertEqual(self.call("GET", "/v1/stack", token="wrong")[0], 401)
        self.assertEqual(self.call("GET", "/v1/stack")[1]["match_threshold"], 0.9)

    def test_an_encounter_from_opening_to_forgetting(self) -> None:
        picture = png(portrait((200, 40, 40)))
        self.assertEqual(self.call("PUT", "/v1/gallery/references/traveller-1", picture)[0], 200)
        self.assertEqual(self.call("GET", "/v1/gallery"), (200, {"references": 1}))
        self.assertEqual(self.call("PUT", "/v1/encounters/e1")[0], 201)
        self.assertEqual(self.refusal("PUT", "/v1/encounters/e1"), (409, "encounter-exists"))
        first = self.call("POST", f"{self.FRAME}&exposure_id=1&sequence=0", picture)
        self.assertEqual(first, (200, {"sequence": 0, "exposure_id": 1, "faces": 1, "control": []}))
        # Sent again it gets the same answer, and counts once.
        self.assertEqual(self.call("POST", f"{self.FRAME}&exposure_id=1&sequence=0", picture), first)
        self.assertEqual(self.refusal("POST", f"{self.FRAME}&exposure_id=2&sequence=0"), (409, "sequence-taken"))
        self.assertEqual(self.refusal("POST", f"{self.FRAME}&exposure_id=2&sequence=5"), (503, "not-yet"))
        status, problem = self.call("POST", f"{self.FRAME}&exposure_id=2&sequence=1", b"nothing")
        self.assertEqual((status, problem["exposure_id"], problem["camera_id"]), (422, 2, "a"))
        status, closed = self.call("POST", "/v1/encounters/e1/close")
        self.assertEqual((status, closed["accepted_frames"], closed["refused_frames"]), (200, 2, 1))
        self.assertEqual(closed["decisions"]["best_shots"][0]["matched"], "traveller-1")
        self.assertEqual(self.call("POST", "/v1/encounters/e1/close"), (200, closed))
        self.assertEqual(self.refusal("POST", f"{self.FRAME}&exposure_id=3"), (409, "not-open"))
        self.assertEqual(self.call("DELETE", "/v1/encounters/e1"), (204, None))
        self.assertEqual(self.refusal("POST", "/v1/encounters/e1/close"), (404, "unknown-encounter"))
        self.assertEqual(self.call("DELETE", "/v1/gallery"), (200, {"references": 1}))
        self.assertEqual(self.call("GET", "/v1/gallery"), (200, {"references": 0}))

    def test_what_is_wrong_with_a_request_is_told(self) -> None:
        self.call("PUT", "/v1/encounters/e1")
        for method, path, expected in [
            ("GET", "/v1/nothing", (404, "unknown-route")),
            ("POST", "/v1/stack", (405, "wrong-method")),
            ("PUT", "/v1/encounters/..%2f", (400, "bad-id")),
            ("POST", f"{self.FRAME}&exposure_id=-1", (400, "bad-query")),
            ("PUT", "/v1/gallery/references/x", (422, "undecodable")),
        ]:
            self.assertEqual(self.refusal(method, path), expected, path)
        dark = png(portrait((0, 0, 0)))
        self.assertEqual(self.refusal("PUT", "/v1/gallery/references/x", dark), (422, "no-face"))


if __name__ == "__main__":
    unittest.main()
