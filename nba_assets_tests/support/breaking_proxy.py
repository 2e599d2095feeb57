"""A web server that passes on another's answers and breaks a share of them, each in one way."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Literal

import httpx

from nba_assets_tests.conftest import Server

ALWAYS_BROKEN = 36  # this answer is, so that a small share of few answers is not none
Kind = Literal["HTTP 500", "HTTP 429", "drop", "garbage"]


class BreakingProxy(Server):
    """Asks `upstream` and breaks `share` of the answers as `kind` says; `asked` and `broken` count them."""

    def __init__(self, upstream: str, kind: Kind, share: float):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kind, self.share = kind, share
        self.asked = self.broken = 0
        self.client = httpx.Client(base_url=upstream)
        self._random, self._lock = random.Random(7), threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def breaks_this(self) -> bool:
        with self._lock:
            breaks = self._random.random() < self.share or self.asked == ALWAYS_BROKEN
            self.asked, self.broken = self.asked + 1, self.broken + breaks
        return breaks


class _Handler(BaseHTTPRequestHandler):
    server: BreakingProxy

    def do_GET(self) -> None:
        answer = self.server.client.get(self.path, headers={"Authorization": self.headers["Authorization"] or ""})
        status, body = answer.status_code, answer.content
        if self.server.breaks_this():
            match self.server.kind:
                case "drop":
                    return
                case "garbage":
                    body = body[: len(body) // 2] + b"\x00<html>"
                case "HTTP 500" | "HTTP 429":
                    status, body = int(self.server.kind.removeprefix("HTTP ")), b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Requests are counted, not printed."""


@contextmanager
def breaking(upstream: str, kind: Kind, share: float) -> Iterator[BreakingProxy]:
    with BreakingProxy(upstream, kind, share) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            proxy.client.close()
