"""Delivers messages to a webhook such as Slack's, by e-mail, or only to the log."""

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

SOCKET_TIMEOUT = 5.0  # seconds for each network operation
DELIVERY_TIMEOUT = 10.0  # seconds for a whole message, however slow the server is
SUBJECT = 120  # characters of a message that become an e-mail's subject


class NotDelivered(Exception):
    """A message could not be delivered; the text gives the reason, without address or password."""


def deliver(alerts: AlertSettings, message: str) -> None:
    """Send one message through the configured channel; NotDelivered on failure or after `DELIVERY_TIMEOUT`."""
    if alerts.webhook_url:
        _with_timeout(lambda: _post(alerts.webhook_url.get_secret_value(), message), "the webhook")
    elif alerts.email:
        _with_timeout(lambda: _mail(alerts, message), "the mail server")


def _with_timeout(send: Callable[[], None], to: str) -> None:
    """Limit the whole delivery: a socket's timeout is for one read, and a slow server could block the daemon."""
    thread = ThreadPoolExecutor(max_workers=1)
    try:
        thread.submit(send).result(timeout=DELIVERY_TIMEOUT)
    except NotDelivered:
        raise
    except Exception as error:
        # The error's own text may contain the secret address, or the server's reply to the password.
        raise NotDelivered(f"{to} did not take the message ({type(error).__name__})") from None
    finally:
        thread.shutdown(wait=False, cancel_futures=True)


def _post(url: str, message: str) -> None:
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs the address of each request
    # Text from a source, unescaped, could contain a mention such as <!channel>.
    response = httpx.post(url, json={"text": html.escape(message, quote=False)}, timeout=SOCKET_TIMEOUT)
    if not response.is_success:
        raise NotDelivered(f"the webhook answered {response.status_code}")


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
        smtplib.SMTP_SSL(host, port, timeout=SOCKET_TIMEOUT, context=encrypted)
        if server.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=SOCKET_TIMEOUT)
    ) as connection:
        connection.ehlo()
        if server.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=encrypted)
            connection.ehlo()
        elif server.scheme == "smtp" and server.username:
            raise NotDelivered("the mail server offers no encryption, so the password was not sent: use smtps://")
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(mail)
