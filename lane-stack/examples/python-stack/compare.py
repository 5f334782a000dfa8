"""Compares lane-stack with this stack: the same pictures and models, one thread each, in turns in one run.

    cargo build --release --locked -p lane-stack --example peer
    export ORT_DYLIB_PATH=…   # from `target/release/laneproof fetch`: of the version that Python has
    python lane-stack/examples/python-stack/compare.py MODELS_DIR FRAMES_DIR [--rounds 7]

All programs are started once; then each looks at all frames in turn, round by round. What counts is the time for which
their threads had a processor, and of the rounds the medians: other work on the machine disturbs all alike. Exit code 1:
they did not do the same work. 3: a bar is missed.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from peer_bench import PARTS

HERE = Path(__file__).resolve().parent
INFERENCE = ("detector_inference", "embedder_inference")
BARS = {"inference": 0.95, "everything else": 2.0, "whole chain": 1.1}
"""Python's time / ours, least."""
MOST_OTHER_FACES = 0.03
"""Share of faces by which two stacks may differ: decoders and resizing differ in the last bits."""


class Peer:
    """A program that looks at all frames once for each line that it gets."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.rounds = name, list[dict[str, Any]]()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def round(self) -> dict[str, Any]:
        """One round."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended: {self._process.wait()}")
        return json.loads(line)

    def end(self) -> None:
        """Lets it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def ms(self, parts: tuple[str, ...]) -> float:
        """The median over rounds of what these parts took together, milliseconds a frame."""
        frames = len(self.rounds[0]["faces_of"])
        return statistics.median(sum(r["ms"][part] for part in parts) for r in self.rounds) / frames

    @property
    def faces(self) -> int:
        """How many faces were measured and embedded."""
        return sum(self.rounds[0]["faces_of"])

    @property
    def onnxruntime(self) -> str:
        """The runtime's commit, or what it says of itself."""
        said = str(self.rounds[0]["onnxruntime"])
        commit = re.search(r"git-commit-id=(\w+)", said)
        return commit[1] if commit else said


def sums(peer: Peer) -> dict[str, float]:
    """Milliseconds a frame that the bars are about."""
    rest = tuple(part for part in PARTS if part not in INFERENCE)
    return {"inference": peer.ms(INFERENCE), "everything else": peer.ms(rest), "whole chain": peer.ms(PARTS)}


def check_work(peers: list[Peer]) -> list[str]:
    """In what the peers did not do the same work."""
    ours, wrong = peers[0], []
    for peer in peers[1:]:
        if peer.onnxruntime != ours.onnxruntime:
            wrong.append(f"{peer.name} has the onnxruntime {peer.onnxruntime}, {ours.name} {ours.onnxruntime}")
        if peer.rounds[0]["models"] != ours.rounds[0]["models"]:
            wrong.append(f"{peer.name} has other models")
        pairs = zip(peer.rounds[0]["faces_of"], ours.rounds[0]["faces_of"], strict=True)
        other = sum(abs(a - b) for a, b in pairs)
        if other > MOST_OTHER_FACES * ours.faces:
            wrong.append(f"{peer.name} found {peer.faces} faces, {ours.name} {ours.faces}, and {other} are others")
    return wrong


def table(peers: list[Peer]) -> str:
    """Milliseconds of each part as a table in Markdown."""
    names = [peer.name for peer in peers]
    lines = ["| ms a frame | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for part in PARTS:
        lines.append(f"| {part} | " + " | ".join(f"{peer.ms((part,)):.3f}" for peer in peers) + " |")
    for what in BARS:
        lines.append(f"| **{what}** | " + " | ".join(f"{sums(peer)[what]:.2f}" for peer in peers) + " |")
    return "\n".join(lines)


def main() -> int:
    """Runs the rounds and prints what they came to."""
    parser = argparse.ArgumentParser(description="lane-stack against the stack in Python")
    parser.add_argument("models", type=Path)
    parser.add_argument("frames", type=Path, help="folder of JPEG files")
    parser.add_argument("--rounds", type=int, default=7)
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[2] / "target"))
    parser.add_argument("--peer", type=Path, default=target / "release/examples/peer")
    options = parser.parse_args()
    folders = [str(options.models), str(options.frames)]
    script = [sys.executable, str(HERE / "peer_bench.py"), *folders, "--detector"]
    peers = [
        Peer("lane-stack", [str(options.peer), *folders]),
        Peer("Python, onnxruntime", [*script, "onnxruntime"]),
        Peer("Python, as it is", [*script, "opencv"]),
    ]
    for peer in peers:
        peer.round()  # Caches, clocks and memory become warm.
    for _ in range(options.rounds):
        for peer in peers:
            peer.rounds.append(peer.round())
    for peer in peers:
        peer.end()
    print(f"{len(peers[0].rounds[0]['faces_of'])} frames, {options.rounds} rounds in turns, medians; one thread each\n")
    for peer in peers:
        print(f"* {peer.name}: {peer.rounds[0]['stack']}, {peer.faces} faces")
    print(f"\n{table(peers)}\n")
    wrong = check_work(peers)
    missed = False
    ours = sums(peers[0])
    for peer in peers[1:]:
        theirs = sums(peer)
        # OpenCV's detector is one call, of which inference cannot be told from the rest.
        bars = BARS if peer.name.endswith("onnxruntime") else {"whole chain": BARS["whole chain"]}
        for what, bar in bars.items():
            ratio = theirs[what] / ours[what]
            missed |= ratio < bar
            print(f"{what}, {peer.name} / lane-stack: {ratio:.2f} (bar {bar}){'  MISSED' if ratio < bar else ''}")
    for line in wrong:
        print(f"NOT THE SAME WORK: {line}")
    return 1 if wrong else 3 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
