"""The HTTP API of a lane-stack service, version 1: the routes that `laneproof run --stack http://…` uses.

lane-stack/openapi.json describes it. One lock about the stack: several clients are served, one after the other.
"""

import hmac
import json
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lane import VERSION, Encounter, Frame, RefusedError, Stack

MAX_BODY_BYTES = 64 << 20
MAX_ENCOUNTERS = 64
"""Open and decided ones that nobody has given up yet."""
RECEIVE_S = 30.0
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
ENCODINGS = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "application/vnd.lane-stack.mono8": "mono8",
    "application/vnd.lane-stack.rgb8": "rgb8",
}
REFUSED = {"undecodable": 422, "no-face": 422, "failed": 500}
"""HTTP status of what the stack refuses."""


class ProblemError(Exception):
    """A request that is refused (RFC 9457)."""

    def __init__(self, status: int, name: str, detail: str, **more: str | int) -> None:
        super().__init__(detail)
        self.status = status
        kind = f"urn:lane-stack:problem:{name}"
        self.body: dict[str, Any] = {"type": kind, "title": name, "status": status, "detail": detail, **more}


Answer = tuple[int, dict[str, Any] | None]


@dataclass
class Open:
    """An encounter, and what was answered: what is sent again gets the same answer."""

    id: str
    encounter: Encounter = field(default_factory=Encounter)
    answers: list[tuple[int, Answer]] = field(default_factory=list)
    """Exposure and answer in the order of the frames' sequence."""
    closed: dict[str, Any] | None = None


@dataclass
class Request:
    """A request whose token was right and whose body has arrived."""

    query: dict[str, str]
    content_type: str
    body: bytes

    def number(self, name: str) -> int:
        """A whole number of the query."""
        text = self.query.get(name, "")
        if not re.fullmatch(r"[0-9]{1,19}", text):
            raise ProblemError(400, "bad-query", f"{name} must be a whole number")
        return int(text)

    def frame(self, camera_id: str, exposure_id: int, mid_exposure_us: int) -> Frame:
        """What is said of the picture in the body."""
        encoding = ENCODINGS.get(self.content_type)
        if encoding is None:
            raise ProblemError(415, "unknown-media-type", f"the content type must be one of {', '.join(ENCODINGS)}")
        raw = encoding in ("mono8", "rgb8")
        size = (self.number("width_px"), self.number("height_px")) if raw else None
        return Frame(camera_id, exposure_id, mid_exposure_us, encoding, size)


def checked(what: str, text: str) -> str:
    """An id that is one."""
    if not ID.fullmatch(text):
        raise ProblemError(400, "bad-id", f"{what} must match ^{ID.pattern}$")
    return text


class Service:
    """What the routes do."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.encounters: dict[str, Open] = {}
        self.lock = threading.Lock()
        self.routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            ("GET", re.compile("/v1/stack"), self.info),
            ("GET", re.compile("/v1/ready"), lambda _: (200, {"status": "ok"})),
            ("GET", re.compile("/v1/gallery"), self.count),
            ("DELETE", re.compile("/v1/gallery"), self.empty),
            ("PUT", re.compile("/v1/gallery/references/([^/]+)"), self.enrol),
            ("PUT", re.compile("/v1/encounters/([^/]+)"), self.open),
            ("DELETE", re.compile("/v1/encounters/([^/]+)"), self.forget),
            ("POST", re.compile("/v1/encounters/([^/]+)/frames"), self.push),
            ("POST", re.compile("/v1/encounters/([^/]+)/close"), self.close),
        ]

    def answer(self, method: str, path: str, request: Request) -> Answer:
        """Finds the route, and does it."""
        matches = [(of, found, do) for of, pattern, do in self.routes if (found := pattern.fullmatch(path))]
        for of, found, do in matches:
            if of == method:
                with self.lock:
                    return do(request, *found.groups())
        if matches:
            raise ProblemError(405, "wrong-method", f"it takes {', '.join(of for of, _, _ in matches)}")
        raise ProblemError(404, "unknown-route", "this stack has the routes that laneproof run uses, and no others")

    def info(self, _: Request) -> Answer:
        threshold, rule = self.stack.embedder.threshold, asdict(self.stack.rule)
        about = self.stack.about()
        return 200, {"version": VERSION, "about": about, "match_threshold": threshold, "quality_rule": rule}

    def count(self, _: Request) -> Answer:
        return 200, {"references": len(self.stack.gallery)}

    def empty(self, request: Request) -> Answer:
        before = self.count(request)
        self.stack.gallery.clear()
        return before

    def enrol(self, request: Request, reference_id: str) -> Answer:
        checked("reference_id", reference_id)
        try:
            self.stack.enrol(reference_id, request.frame("reference", 0, 0), request.body)
        except RefusedError as refused:
            about: dict[str, str | int] = {"exposure_id": 0, "camera_id": "reference"}
            if refused.kind == "no-face":
                about = {"reference_id": reference_id}
            raise problem(refused, about) from refused
        picture = {"kind": "passport", "class": "traveller"}
        return 200, {"reference_id": reference_id, "pictures": [picture]}

    def open(self, _: Request, encounter_id: str) -> Answer:
        checked("encounter_id", encounter_id)
        if encounter_id in self.encounters:
            raise ProblemError(409, "encounter-exists", "choose another id")
        if len(self.encounters) >= MAX_ENCOUNTERS:
            raise ProblemError(429, "busy", f"{MAX_ENCOUNTERS} encounters are there; give decided ones up (DELETE)")
        self.encounters[encounter_id] = Open(encounter_id)
        info = {"encounter_id": encounter_id, "state": "open", "accepted_frames": 0, "answered_frames": 0}
        return 201, info

    def forget(self, _: Request, encounter_id: str) -> Answer:
        del self.encounters[self._named(encounter_id).id]
        return 204, None

    def push(self, request: Request, encounter_id: str) -> Answer:
        opened = self._named(encounter_id)
        camera_id, exposure_id = checked("camera_id", request.query.get("camera_id", "")), request.number("exposure_id")
        frame = request.frame(camera_id, exposure_id, request.number("mid_exposure_us"))
        place = request.number("sequence") if "sequence" in request.query else len(opened.answers)
        if place < len(opened.answers):
            earlier, answer = opened.answers[place]
            if earlier != exposure_id:
                raise ProblemError(409, "sequence-taken", f"the place {place} is exposure {earlier}'s")
            return answer
        if opened.closed is not None:
            raise ProblemError(409, "not-open", "the encounter has decided")
        if place > len(opened.answers):
            raise ProblemError(503, "not-yet", f"{place - len(opened.answers)} frames before it are missing")
        if any(earlier == exposure_id for earlier, _ in opened.answers):
            raise ProblemError(409, "exposure-taken", f"exposure {exposure_id} is there already")
        try:
            faces = self.stack.push(opened.encounter, frame, request.body)
            answer = 200, {"sequence": place, "exposure_id": exposure_id, "faces": faces, "control": []}
        except RefusedError as refused:
            refusal = problem(refused, {"exposure_id": exposure_id, "camera_id": camera_id})
            answer = refusal.status, refusal.body
        # A frame that came in has its place, whether it was a picture or not.
        opened.answers.append((exposure_id, answer))
        return answer

    def close(self, _: Request, encounter_id: str) -> Answer:
        opened = self._named(encounter_id)
        if opened.closed is None:
            try:
                decisions = self.stack.decide(opened.encounter)
            except RefusedError as refused:
                raise problem(refused, {}) from refused
            opened.closed = {
                "encounter_id": encounter_id,
                "accepted_frames": len(opened.answers),
                "refused_frames": sum(status != 200 for _, (status, _) in opened.answers),
                "missing_frames": 0,
                "decisions": decisions,
            }
        return 200, opened.closed

    def _named(self, encounter_id: str) -> Open:
        found = self.encounters.get(checked("encounter_id", encounter_id))
        if found is None:
            raise ProblemError(404, "unknown-encounter", f"no encounter {encounter_id}")
        return found


def problem(refused: RefusedError, about: dict[str, str | int]) -> ProblemError:
    """What the stack refused, as HTTP says it; `about` names the picture that an undecodable one was."""
    more: dict[str, str | int] = {"reason": refused.reason}
    if refused.kind == "failed":
        more["model"] = refused.model or "python-stack"
    else:
        more.update(about)
    return ProblemError(REFUSED.get(refused.kind, 409), refused.kind, refused.reason, **more)


def handler(service: Service, token: str) -> type[BaseHTTPRequestHandler]:
    """The handler of a service's requests."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = RECEIVE_S
        # Head and body are written apart: the second would wait for the first to be acknowledged.
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            try:
                status, answer = self._answer()
            except ProblemError as refused:
                # Of a body that was not read nothing may be taken for the next request.
                self.close_connection = True
                status, answer = refused.status, refused.body
            body = b"" if answer is None else json.dumps(answer, allow_nan=False).encode()
            kind = "application/json" if status < 400 else "application/problem+json"
            self.send_response(status)
            headers = {} if status == 204 else {"Content-Type": kind, "Content-Length": str(len(body))}
            if status in (429, 503):
                headers["Retry-After"] = "1"
            if self.close_connection:
                headers["Connection"] = "close"
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _answer(self) -> Answer:
            url = urlsplit(self.path)
            if (self.command, url.path) == ("GET", "/v1/health"):
                return 200, {"status": "ok"}
            length = self.headers.get("Content-Length", "0")
            if "Transfer-Encoding" in self.headers or not re.fullmatch(r"[0-9]{1,12}", length):
                raise ProblemError(400, "cut-off", "a body must come with its Content-Length")
            if int(length) > MAX_BODY_BYTES:
                raise ProblemError(413, "too-large", f"{MAX_BODY_BYTES} bytes is the most")
            sent = self.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(sent, f"Bearer {token}".encode()):
                raise ProblemError(401, "unauthorised", "the header Authorization must be: Bearer and the token")
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                raise ProblemError(400, "cut-off", "the body ended before its end")
            query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            content_type = self.headers.get("Content-Type", "")
            return service.answer(self.command, url.path, Request(query, content_type, body))

        do_GET = do_PUT = do_POST = do_DELETE = _handle

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged one by one."""

    return Handler


def listen(stack: Stack, token: str, port: int) -> ThreadingHTTPServer:
    """A server on loopback; port 0 takes a free one."""
    return ThreadingHTTPServer(("127.0.0.1", port), handler(Service(stack), token))
