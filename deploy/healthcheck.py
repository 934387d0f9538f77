"""Is this container well? Asked from inside it; exit code 0 says yes.

``healthcheck.py web /readyz`` asks the web server, ``healthcheck.py beat`` looks at the clock's
schedule file. The worker is asked by ``celery inspect ping`` instead.
"""

import http.client
import os
import sys
import time
from pathlib import Path

# Beat wakes at least every 5 minutes and saves at least every 3: after three misses it hangs.
BEAT_SILENCE_LIMIT_S = 900


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


def check_beat(folder: Path) -> None:
    """Exit unless beat has saved its schedule in ``folder`` of late."""
    saved_at = [file.stat().st_mtime for file in folder.glob("beat-schedule*")]
    if not saved_at:
        sys.exit(f"no beat-schedule in {folder}: beat has not started")
    silence_s = time.time() - max(saved_at)
    if silence_s > BEAT_SILENCE_LIMIT_S:
        sys.exit(f"beat has been silent for {silence_s:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["web"]:
        check_web(sys.argv[2])
    elif sys.argv[1:] == ["beat"]:
        check_beat(Path(os.environ["CLEARINGHOUSE_VAR"]))
    else:
        sys.exit("usage: healthcheck.py web PATH | healthcheck.py beat")
