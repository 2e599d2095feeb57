"""Delivery to servers that accept a message, refuse it, are silent, send nonsense or are unreachable."""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string
from email.policy import default

import pytest

from nba_assets.alerting import alerts
from nba_assets.alerting.alerts import NotDelivered, deliver
from nba_assets.settings import AlertSettings
from nba_assets_tests.support.emulators import free_port

MESSAGE = "FAILED: rows of nba_raw/bdl_games, week 2021-11-05. rows 1 is outside the bound < 2\nhttp://dagit/runs/1"
SECRET = "T0/B0/very-secret"


@dataclass
class Spoken:
    """A server's address, what was said to it, and whether the test is done with it."""

    port: int
    said: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(talk: Callable[[socketserver.StreamRequestHandler, Spoken], None], port: int = 0) -> Iterator[Spoken]:
    """A TCP server on loopback that has this conversation with each client."""
    spoken = Spoken(port)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            talk(self, spoken)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that has hung up is part of what is tested."""

    with Server(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        spoken.port = server.server_address[1]
        yield spoken
        spoken.over.set()
        server.shutdown()


def webhook(answer: bytes) -> Callable[[socketserver.StreamRequestHandler, Spoken], None]:
    """Takes one POST and answers with these bytes, whatever they are."""

    def talk(handler: socketserver.StreamRequestHandler, spoken: Spoken) -> None:
        length = 0
        while (line := handler.rfile.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        spoken.said.append(handler.rfile.read(length).decode())
        handler.wfile.write(answer)

    return talk


def status(code: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {code} Status", "Content-Length: 0", *headers, "", ""]
    return "\r\n".join(lines).encode()


def to_webhook(port: int) -> AlertSettings:
    return AlertSettings.read(
        {"NBA_ALERT_WEBHOOK_URL": f"http://127.0.0.1:{port}/{SECRET}", "NBA_DAGIT_URL": "http://dagit"}
    )


def silent(handler: socketserver.StreamRequestHandler, spoken: Spoken) -> None:
    spoken.over.wait()


def dribbling(handler: socketserver.StreamRequestHandler, spoken: Spoken) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not spoken.over.wait(0.1):
        handler.wfile.write(b"x")


def test_a_webhook_is_posted_json_as_slack_takes_it() -> None:
    with serving(webhook(status(200))) as server:
        deliver(to_webhook(server.port), MESSAGE)
    assert json.loads(server.said[0]) == {"text": MESSAGE.replace("<", "&lt;")}


@pytest.mark.parametrize(
    ("talk", "told"),
    [
        pytest.param(webhook(status(500)), "the webhook answered 500", id="500"),
        pytest.param(webhook(status(404)), "the webhook answered 404", id="404"),
        pytest.param(webhook(status(302, "Location: http://127.0.0.1:1/elsewhere")), "answered 302", id="redirect"),
        pytest.param(webhook(b"220 I speak something else\r\n"), "did not take the message", id="garbage"),
        pytest.param(webhook(b""), "did not take the message", id="hangs up"),
        pytest.param(silent, "did not take the message", id="silent"),
        pytest.param(dribbling, "did not take the message", id="dribbling"),
    ],
)
def test_a_broken_webhook_is_reported_soon_and_without_its_address(
    talk: Callable[[socketserver.StreamRequestHandler, Spoken], None],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(alerts, "SOCKET_TIMEOUT", 0.3)
    monkeypatch.setattr(alerts, "DELIVERY_TIMEOUT", 1.0)
    caplog.set_level(logging.DEBUG)
    with serving(talk) as server, pytest.raises(NotDelivered, match=told) as problem:
        deliver(to_webhook(server.port), MESSAGE)
    assert SECRET not in str(problem.value) + caplog.text
    assert problem.value.__cause__ is None


def test_an_unreachable_webhook_is_reported_and_takes_the_message_later(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    port = free_port()
    with pytest.raises(NotDelivered, match="did not take the message") as problem:
        deliver(to_webhook(port), MESSAGE)
    assert SECRET not in str(problem.value) + caplog.text
    with serving(webhook(status(204)), port) as server:
        deliver(to_webhook(port), MESSAGE)
    assert len(server.said) == 1


def smtp(*extensions: str) -> Callable[[socketserver.StreamRequestHandler, Spoken], None]:
    """A mail server that takes everything."""

    def talk(handler: socketserver.StreamRequestHandler, spoken: Spoken) -> None:
        def say(*lines: str) -> None:
            handler.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

        say("220 stand-in")
        while command := handler.rfile.readline().decode().strip():
            spoken.said.append(command)
            verb = command.split()[0].upper()
            if verb == "EHLO":
                say(*(f"250-{each}" for each in extensions), "250 8BITMIME")
            elif verb == "DATA":
                say("354 go on")
                lines = iter(lambda: handler.rfile.readline().decode(), ".\r\n")
                spoken.said.append("".join(lines))
                say("250 taken")
            else:
                say("221 bye" if verb == "QUIT" else "250 OK")

    return talk


def by_mail(port: int, login: str = "") -> AlertSettings:
    return AlertSettings.read(
        {"NBA_ALERT_EMAIL": "a@example.org,b@example.org", "NBA_SMTP_URL": f"smtp://{login}127.0.0.1:{port}"}
    )


def test_an_e_mail_has_the_message_and_its_beginning_as_subject() -> None:
    with serving(smtp()) as server:
        deliver(by_mail(server.port), MESSAGE)
    assert [line for line in server.said if line.startswith("rcpt")] == [
        "rcpt TO:<a@example.org>",
        "rcpt TO:<b@example.org>",
    ]
    (sent,) = [line for line in server.said if line.startswith("To: ")]
    mail = message_from_string(sent, policy=default)
    assert mail["Subject"].startswith("[nba_assets] FAILED: rows of nba_raw/bdl_games, week 2021-11-05.")
    assert mail.get_content().splitlines() == MESSAGE.splitlines()


def test_a_password_is_never_sent_in_the_clear() -> None:
    with serving(smtp("AUTH PLAIN LOGIN")) as server, pytest.raises(NotDelivered, match="use smtps://") as problem:
        deliver(by_mail(server.port, "me:very-secret@"), MESSAGE)
    assert not [line for line in server.said if line.upper().startswith("AUTH")]
    assert "very-secret" not in str(problem.value)


def test_an_unreachable_mail_server_is_reported_without_its_password() -> None:
    with pytest.raises(NotDelivered, match=r"the mail server did not take the message \(ConnectionRefusedError\)"):
        deliver(by_mail(free_port(), "me:very-secret@"), MESSAGE)
