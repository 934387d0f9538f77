"""Beat with a sign of life: the saved schedule alone does not tell whether the clock still ticks.

``celery beat --scheduler=deploy.beat_heartbeat:HeartbeatScheduler --max-interval=60`` touches a
file at each turn; ``healthcheck.py beat`` looks at its age.
"""

import os
from pathlib import Path

from celery.beat import PersistentScheduler

HEARTBEAT_NAME = "beat-heartbeat"


class HeartbeatScheduler(PersistentScheduler):
    def tick(self, *args, **kwargs):
        """Send what is due. A broker that does not answer holds this up, and the file grows old."""
        interval_s = super().tick(*args, **kwargs)
        (Path(os.environ["CLEARINGHOUSE_VAR"]) / HEARTBEAT_NAME).touch()
        return interval_s
