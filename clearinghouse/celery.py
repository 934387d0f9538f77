"""The clock and the carrier of jobs. Celery carries, it does not decide.

Every task is idempotent, so a job that was sent twice or late does no harm; one that nobody took
before the next was due expires.
"""

import os
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearinghouse.settings")

_MINUTE = 60
# What changes in the street is old in a minute.
_FIVE_SECONDS = timedelta(seconds=5)

app = Celery("clearinghouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(schedule: crontab | timedelta, task: str, *, expires_s: int) -> dict[str, object]:
    return {"task": task, "schedule": schedule, "options": {"expires": expires_s}}


# Local time of CELERY_TIMEZONE; the minutes keep the heavy ones apart.
app.conf.beat_schedule = {
    "send queued jobs": _every(crontab(), "partners.run_queued_jobs", expires_s=_MINUTE),
    "publish overdue deliveries": _every(
        crontab(), "roaming.publish_overdue_deliveries", expires_s=_MINUTE
    ),
    "deem accepted": _every(
        crontab(minute="*/10"), "roaming.deem_accepted", expires_s=10 * _MINUTE
    ),
    "send webhooks": _every(crontab(), "roaming.send_webhooks", expires_s=_MINUTE),
    "push what changed": _every(_FIVE_SECONDS, "roaming.send_pushes", expires_s=_MINUTE),
    "hand records over": _every(crontab(), "roaming.deliver_over_gateways", expires_s=_MINUTE),
    "keep connections alive": _every(crontab(), "roaming.keep_alive", expires_s=_MINUTE),
    "forget old exchanges": _every(
        crontab(minute=50, hour=3), "roaming.prune_exchanges", expires_s=12 * 60 * _MINUTE
    ),
    "check held records again": _every(
        crontab(minute="3-59/10"), "roaming.retry_holds", expires_s=10 * _MINUTE
    ),
    "heal by new master data": _every(crontab(), "roaming.heal_news", expires_s=_MINUTE),
    "write manifests": _every(
        crontab(minute=17), "roaming.write_manifests", expires_s=60 * _MINUTE
    ),
    "expire approvals": _every(
        crontab(minute=48), "partners.expire_approvals", expires_s=60 * _MINUTE
    ),
    "expire offers": _every(
        crontab(minute="*/10"), "partners.expire_offers", expires_s=10 * _MINUTE
    ),
    "tell of offers": _every(crontab(), "roaming.tell_of_offers", expires_s=_MINUTE),
    "end services": _every(crontab(), "partners.end_services", expires_s=_MINUTE),
    "forget drivers of who left": _every(
        crontab(hour=2, minute=25), "roaming.erase_drivers", expires_s=12 * 60 * _MINUTE
    ),
    "reject expired holds": _every(
        crontab(hour=2, minute=10), "roaming.expire_holds", expires_s=12 * 60 * _MINUTE
    ),
    "watch senders": _every(crontab(minute=52), "roaming.watch_senders", expires_s=60 * _MINUTE),
    "watch sessions": _every(
        crontab(hour=4, minute=25), "roaming.watch_sessions", expires_s=12 * 60 * _MINUTE
    ),
    "expire disputes": _every(
        crontab(minute="4-59/10"), "roaming.expire_disputes", expires_s=10 * _MINUTE
    ),
    "render missing statements": _every(
        crontab(minute="*/5"), "billing.render_missing_statements", expires_s=5 * _MINUTE
    ),
    "notify people": _every(crontab(), "billing.notify_people", expires_s=_MINUTE),
    "forget notifications": _every(
        crontab(minute=55, hour=3), "billing.forget_notifications", expires_s=12 * 60 * _MINUTE
    ),
    "send letters": _every(crontab(), "billing.send_letters", expires_s=_MINUTE),
    "render missing invoices": _every(
        crontab(minute="2-59/5"), "billing.render_missing_invoices", expires_s=5 * _MINUTE
    ),
    "forget expired tokens and keys": _every(
        crontab(minute=41, hour=3), "partners.forget_expired", expires_s=60 * _MINUTE
    ),
    "close due windows": _every(
        crontab(minute="1-59/15"), "billing.close_due_windows", expires_s=15 * _MINUTE
    ),
    "follow disputes in the books": _every(
        crontab(minute="6-59/15"), "billing.follow_disputes", expires_s=15 * _MINUTE
    ),
    "seal the ledger": _every(
        crontab(minute="2-59/5"), "billing.seal_ledger", expires_s=5 * _MINUTE
    ),
    "clear accepted records": _every(
        crontab(minute=7), "billing.clear_hourly", expires_s=60 * _MINUTE
    ),
    # Just before clearing, so that a buyer over its limit is seen first.
    "read exposures": _every(crontab(minute=5), "billing.read_exposures", expires_s=55 * _MINUTE),
    "prove conservation": _every(
        crontab(hour=3, minute=20), "billing.prove_conservation", expires_s=12 * 60 * _MINUTE
    ),
    "match the bank again": _every(
        crontab(minute=37), "billing.match_bank", expires_s=60 * _MINUTE
    ),
    "dun what is overdue": _every(
        crontab(hour=6, minute=30), "billing.dun_overdue", expires_s=12 * 60 * _MINUTE
    ),
    "prove counter-records": _every(
        crontab(hour=3, minute=35), "roaming.prove_counter_records", expires_s=12 * 60 * _MINUTE
    ),
    "match both sides": _every(crontab(minute=27), "roaming.match_records", expires_s=30 * _MINUTE),
    "age one-sided records": _every(
        crontab(hour=4, minute=10), "roaming.age_one_sided", expires_s=12 * 60 * _MINUTE
    ),
    "prepare figures": _every(
        crontab(minute="8-59/10"), "roaming.prepare_figures", expires_s=10 * _MINUTE
    ),
    "close remote requests": _every(crontab(), "roaming.close_remote_requests", expires_s=_MINUTE),
    "make partitions": _every(
        crontab(hour=2, minute=40), "roaming.ensure_partitions", expires_s=12 * 60 * _MINUTE
    ),
}
