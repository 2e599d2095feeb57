"""How a message leaves the house: to a webhook as Slack and its like take it, by e-mail, or only into the log."""

from __future__ import annotations

import html
import logging
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import httpx

from nba_assets.settings import AlertSettings

ONE_STEP = 5.0  # seconds for each step of a conversation: connecting, one answer
ONE_MESSAGE = 10.0  # seconds for a message in all, however slowly the other side talks
SUBJECT = 120  # characters of a message that become an e-mail's subject


class NotDelivered(Exception):
    """A message could not be handed over; the text says why, without address or password."""


def deliver(alerts: AlertSettings, message: str) -> None:
    """Hand one message to whoever is configured; NotDelivered when that fails or takes longer than `ONE_MESSAGE`."""
    if alerts.webhook_url:
        _in_time(lambda: _post(alerts.webhook_url.get_secret_value(), message), "the webhook")
    elif alerts.email:
        _in_time(lambda: _mail(alerts, message), "the mail server")


def _in_time(hand_over: Callable[[], None], to: str) -> None:
    """Time limits of sockets are for one read each: a server that dribbles would hold up the daemon for long."""
    thread = ThreadPoolExecutor(max_workers=1)
    try:
        thread.submit(hand_over).result(timeout=ONE_MESSAGE)
    except NotDelivered:
        raise
    except Exception as error:
        # The error's own text may hold the address, which is a secret, or what the server said about the password.
        raise NotDelivered(f"{to} did not take the message ({type(error).__name__})") from None
    finally:
        thread.shutdown(wait=False, cancel_futures=True)


def _post(url: str, message: str) -> None:
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines for each request hold the address
    # What a source sent may stand in the message: unescaped, it could call everyone in the channel.
    answer = httpx.post(url, json={"text": html.escape(message, quote=False)}, timeout=ONE_STEP)
    if not answer.is_success:
        raise NotDelivered(f"the webhook answered {answer.status_code}")


def _mail(alerts: AlertSettings, message: str) -> None:
    server = urlsplit(alerts.smtp_url.get_secret_value())
    mail = EmailMessage()
    mail["To"] = alerts.email
    mail["From"] = alerts.email.split(",")[0]
    mail["Subject"] = f"[nba_assets] {' '.join(message.split())[:SUBJECT]}"
    mail.set_content(message)
    encrypted = ssl.create_default_context()
    host, port = str(server.hostname), server.port or 0
    with (
        smtplib.SMTP_SSL(host, port, timeout=ONE_STEP, context=encrypted)
        if server.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=ONE_STEP)
    ) as connection:
        connection.ehlo()
        if server.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=encrypted)
            connection.ehlo()
        elif server.scheme == "smtp" and server.username:
            raise NotDelivered("the mail server offers no encryption, so it is not told the password: use smtps://")
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(mail)
