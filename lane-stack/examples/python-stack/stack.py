"""A second stack for laneproof in Python: OpenCV's YuNet, any embedder in ONNX, and two doors to it.

* LANE_STACK_TOKEN=… python stack.py: the HTTP API on 127.0.0.1:8470
* python stack.py --exec: JSON lines on standard input and output
"""

import argparse
import os
import sys
from pathlib import Path

import exec_door
import http_door
from lane import Stack
from models import OWN_MODELS, Card, Detector, Embedder, SetupError, chosen_card

TOKEN_VARIABLE = "LANE_STACK_TOKEN"
MIN_TOKEN_LENGTH = 32


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description="A stack for laneproof in Python")
    parser.add_argument(
        "--models",
        type=Path,
        default=OWN_MODELS,
        metavar="DIR",
        help="folder of the ONNX files (default: laneproof's own)",
    )
    choice = "a card's name or file; else what stack.toml in DIR says, else"
    parser.add_argument("--detector", metavar="CARD", help=f"{choice} yunet-n")
    parser.add_argument("--embedder", metavar="CARD", help=f"{choice} omz-reid-0095")
    doors = parser.add_mutually_exclusive_group()
    doors.add_argument("--exec", action="store_true", help="speak JSON lines on standard input and output")
    doors.add_argument("--port", type=int, default=8470, help="port on 127.0.0.1 (default: 8470; 0 for a free one)")
    return parser


def main() -> int:
    """Exit codes as lane-stack's: 0 done, 2 wrong usage, 3 a bad card or model, 11 the port cannot be listened on."""
    options = arguments().parse_args()
    # Before anything is loaded that may print.
    answers = exec_door.own_output() if options.exec else None
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if answers is None and len(token) < MIN_TOKEN_LENGTH:
        print(f"{TOKEN_VARIABLE} must hold a token, such as `openssl rand -hex 16` gives", file=sys.stderr)
        return 2
    try:
        models: Path = options.models
        detector = Detector(Card.read(chosen_card("detector", options.detector, models), models, "detector"))
        embedder = Embedder(Card.read(chosen_card("embedder", options.embedder, models), models, "embedder"))
    except SetupError as error:
        print(error, file=sys.stderr)
        return 3
    stack = Stack(detector, embedder)
    if answers is not None:
        exec_door.serve(stack, sys.stdin.buffer, answers)
        return 0
    try:
        server = http_door.listen(stack, token, options.port)
    except OSError as error:
        print(f"127.0.0.1:{options.port} cannot be listened on: {error}", file=sys.stderr)
        return 11
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
