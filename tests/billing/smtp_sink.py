"""A mail server at the other end of the wire: real SMTP over a socket, answers as told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class SmtpSink(socketserver.ThreadingTCPServer):
    """Keeps what it took; ``answers`` gives for each verb what to say instead of 250."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Conversation(socketserver.StreamRequestHandler):
    server: SmtpSink

    def handle(self) -> None:
        self._say("220 sink ESMTP")
        while line := self.rfile.readline():
            words = line.decode("ascii").strip()
            verb = words.partition(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if told := self.server.answers.get(verb):
                self._say(told)
            elif verb == "EHLO":
                self._say("250 sink")
            elif verb == "DATA":
                self._say("354 go on")
                self._say(self._take())
            else:
                if verb == "RCPT":
                    self.server.recipients.append(words)
                self._say("250 ok")

    def _take(self) -> str:
        raw = b""
        while (line := self.rfile.readline()) != b".\r\n":
            raw += line.removeprefix(b".") if line.startswith(b"..") else line
        if told := self.server.answers.get("."):
            return told
        self.server.letters.append(message_from_bytes(raw, policy=policy.default))
        return f"250 2.0.0 queued as {len(self.server.letters):04}"

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode("ascii") + b"\r\n")


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()
