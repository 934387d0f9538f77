"""Partners' systems with both ends: they ask us as ``System``, we ask them over real HTTP."""

import json
from typing import Any

from django.utils import timezone

from partners.models import EndpointInterface, EndpointSecret, Party
from partners.services.endpoints import seal_secret
from tests.roaming.ocpi_world import System, connection
from tests.roaming.partner_end import Asked, PartnerEnd

SECRET = "what-we-show-them"
MODULES = ("locations", "tariffs", "sessions", "cdrs", "tokens", "commands", "chargingprofiles")


class Partner(System):
    """``end`` is its server; ``answers`` gives the ``data`` of its answers by path's beginning."""

    def __init__(self, end: PartnerEnd, *parties: Party, version: str = "2.2.1") -> None:
        self.endpoint, token = connection(*parties, version=version)
        super().__init__(token, version=version)
        self.end = end
        EndpointSecret.objects.create(
            endpoint=self.endpoint, encrypted_token=seal_secret(SECRET), starts_at=timezone.now()
        )
        for module in MODULES:
            for side in ("SENDER", "RECEIVER"):
                url = f"{end.url}/{side.lower()}/{module}/"
                EndpointInterface.objects.create(
                    endpoint=self.endpoint, module=module, side=side, url=url
                )

    def answers(self, data: Any = None, *, status_code: int = 1000, message: str = "") -> None:
        """From now on."""
        body = {"status_code": status_code, "timestamp": "2026-01-01T00:00:00Z"}
        if message:
            body["status_message"] = message
        if data is not None:
            body["data"] = data
        raw = json.dumps(body).encode()
        self.end.answer = lambda asked, handler: (200, raw)

    @property
    def heard(self) -> list[Asked]:
        return self.end.asked
