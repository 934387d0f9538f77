"""Is this container well? Asked from inside it; exit code 0 says yes.

``healthcheck.py web /readyz`` asks the web server, ``healthcheck.py beat`` looks at the sign of
life that ``beat_heartbeat.py`` leaves. The worker is asked by ``celery inspect ping`` instead.
"""

import http.client
import os
import sys
import time
from pathlib import Path

# Beat turns at least every 60 s (--max-interval): after three misses it hangs.
BEAT_SILENCE_LIMIT_S = 180


def check_web(path: str) -> None:
    """Exit unless ``path`` answers 200, asked as nginx would ask it."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
    try:
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
        status = connection.getresponse().status
    except OSError as error:
        sys.exit(f"{path} cannot be reached: {error}")
    if status != http.client.OK:
        sys.exit(f"{path} answers {status}")


def check_beat(heartbeat: Path) -> None:
    """Exit unless beat has touched ``heartbeat`` of late."""
    try:
        silence_s = time.time() - heartbeat.stat().st_mtime
    except FileNotFoundError:
        sys.exit(f"no {heartbeat}: beat has not turned once")
    if silence_s > BEAT_SILENCE_LIMIT_S:
        sys.exit(f"beat has been silent for {silence_s:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["web"]:
        check_web(sys.argv[2])
    elif sys.argv[1:] == ["beat"]:
        check_beat(Path(os.environ["CLEARINGHOUSE_VAR"]) / "beat-heartbeat")
    else:
        sys.exit("usage: healthcheck.py web PATH | healthcheck.py beat")
