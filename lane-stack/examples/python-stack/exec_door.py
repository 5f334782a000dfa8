"""JSON lines on standard input and output: `laneproof run --stack 'exec:python stack.py --models DIR --exec'`.

docs/stack-exec.md describes the protocol.
"""

import json
import os
import sys
from pathlib import Path
from typing import IO, Any

from lane import Encounter, Frame, RefusedError, Stack

PROTOCOL = 1


def frame_of(message: dict[str, Any]) -> Frame:
    """What is said of a frame that lies in a file."""
    raw = "width_px" in message
    return Frame(
        camera_id=str(message["camera_id"]),
        exposure_id=int(message["exposure_id"]),
        mid_exposure_us=int(message["mid_exposure_us"]),
        encoding=str(message["encoding"]),
        size_px=(int(message["width_px"]), int(message["height_px"])) if raw else None,
    )


class Session:
    """One runner's calls, in their order."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.encounter: Encounter | None = None

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Does what a line asks for; the answer's line."""
        try:
            return {"ok": self._done(message)}
        except RefusedError as refused:
            error = {"kind": refused.kind, "reason": refused.reason}
            return {"error": error | ({"model": refused.model} if refused.model else {})}

    def _done(self, message: dict[str, Any]) -> dict[str, Any]:
        match message["call"]:
            case "describe":
                return {"protocol": PROTOCOL, "about": self.stack.about()}
            case "enrol":
                picture = message["picture"]
                data = Path(picture["path"]).read_bytes()
                self.stack.enrol(message["reference_id"], frame_of(picture), data)
                return {}
            case "open_encounter" if self.encounter is None:
                self.encounter = Encounter()
                return {}
            case "push_frame" if self.encounter is not None:
                frame = message["frame"]
                self.stack.push(self.encounter, frame_of(frame), Path(frame["path"]).read_bytes())
                return {"control": []}
            case "close_encounter" if self.encounter is not None:
                encounter, self.encounter = self.encounter, None
                return {"decisions": self.stack.decide(encounter)}
            case other:
                raise RefusedError("out-of-order", f"{other} makes no sense now")


def own_output() -> IO[bytes]:
    """Standard output for answers alone: whatever else is printed, by a library too, goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def serve(stack: Stack, lines: IO[bytes], answers: IO[bytes]) -> None:
    """Answers line by line until there are no more."""
    session = Session(stack)
    for line in lines:
        answer = session.answer(json.loads(line))
        answers.write(json.dumps(answer, allow_nan=False).encode() + b"\n")
        answers.flush()
