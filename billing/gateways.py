"""The mail server: takes a letter over, and says in its own words whether it did."""

import smtplib
import ssl
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

_TIMEOUT_S = 30
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_WORDS = 500


class MailServer(NamedTuple):
    """``security``: ``smtp`` plain, ``smtp+tls`` by STARTTLS, ``smtps`` from the first byte."""

    security: str
    host: str
    port: int
    user: str
    password: str


class Answer(NamedTuple):
    """``is_final``: it makes no sense to try again."""

    is_accepted: bool
    is_final: bool
    words: str


def mail_server(url: str) -> MailServer | None:
    """Read ``smtp+tls://user:password@mail.example:587``; None where mail is not set up.

    :raises ValueError: the scheme is none of smtp, smtp+tls, smtps, or no host is named.
    """
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        # The URL holds a password: it is not repeated.
        raise ValueError("EMAIL_URL names no mail server: write smtp+tls://user:password@host:587")
    return MailServer(
        security=parts.scheme,
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def hand_over(server: MailServer, letter: EmailMessage) -> Answer:
    """Hand one letter for one recipient to the server.

    A 5xx answer is final, a 4xx one and whatever happens to the connection is not. An address that
    cannot be written on the wire is final too: it must not stand in the way of all others. When the
    connection breaks after the letter was sent, the server may have it: it is sent again under the
    same Message-ID.
    """
    try:
        with _connected(server) as smtp:
            for step in (
                lambda: smtp.mail(_address(letter, "From")),
                lambda: smtp.rcpt(_address(letter, "To")),
                lambda: smtp.data(letter.as_bytes()),
            ):
                code, said = step()
                if code >= 400:
                    return Answer(False, code >= 500, _words(code, said))
            return Answer(True, True, _words(code, said))
    except smtplib.SMTPResponseException as refused:
        # At greeting, HELO or login: the fault of the set-up, not of the letter.
        return Answer(False, False, _words(refused.smtp_code, refused.smtp_error))
    except (UnicodeError, IndexError) as unwritten:
        return Answer(False, True, f"no address of a letter: {unwritten}"[:_WORDS])
    except (OSError, smtplib.SMTPException) as broken:
        return Answer(False, False, f"{type(broken).__name__}: {broken}"[:_WORDS])


def _connected(server: MailServer) -> smtplib.SMTP:
    place = (server.host, server.port)
    context = ssl.create_default_context()
    if server.security == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=_TIMEOUT_S, context=context)
    else:
        smtp = smtplib.SMTP(*place, timeout=_TIMEOUT_S)
    try:
        if server.security == "smtp+tls":
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _address(letter: EmailMessage, header: str) -> str:
    """As it goes over the wire: the name of a host in ASCII, as name servers know it."""
    local, _, host = letter[header].addresses[0].addr_spec.rpartition("@")
    return f"{local}@{host.encode('idna').decode()}"


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"[:_WORDS]
