"""Is the process alive, and can it work? Asked by load balancers and container health checks."""

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu import Connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

_PATIENCE_S = 2
_ASK_AGAIN_S = 5


def livez(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, cache and broker answer, else 503 naming the one that does not."""
    checks = {"database": _database_answers, "cache": _cache_answers, "broker": _broker_answers}
    services = {name: "ok" if answers() else "unreachable" for name, answers in checks.items()}
    if set(services.values()) == {"ok"}:
        return JsonResponse(services)
    return JsonResponse(services, status=503, headers={"Retry-After": str(_ASK_AGAIN_S)})


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _cache_answers() -> bool:
    try:
        cache.set("readyz", "ok", timeout=_PATIENCE_S)
        return cache.get("readyz") == "ok"
    except (RedisError, OSError):
        return False


def _broker_answers() -> bool:
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=_PATIENCE_S) as broker:
            broker.ensure_connection(max_retries=1, timeout=_PATIENCE_S)
    except (OperationalError, OSError):
        return False
    return True
