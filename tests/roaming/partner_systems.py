"""A partner's system as it talks to us: real OAuth2 tokens, real HTTP through Django's handler."""

import base64
import gzip
import json

from django.conf import settings
from django.test import Client

from partners.models import ApiClient
from partners.services.clients import ClientCredentials, create_api_client
from tests import makers

RECORDS = "/api/v1/service-detail-records/"
BATCH = f"{RECORDS}batch/"
COUNTERS = "/api/v1/counter-records/"
MATCHES = "/api/v1/matches/"
EVERY_SCOPE = tuple(settings.OAUTH2_PROVIDER["SCOPES"])


class PartnerSystem:
    """Logs in for the owner of ``party``; ``headers`` of a call override its own."""

    def __init__(self, party, *, scopes=EVERY_SCOPE, environment="LIVE"):
        self.partner = makers.partner_of(party)
        self.credentials = create_api_client(
            self.partner, environment=environment, name="backend", scopes=scopes
        )
        self.http = Client(raise_request_exception=True)
        self.token = self.fetch_token().json().get("access_token", "")

    @property
    def client(self):
        return ApiClient.objects.get(client_id=self.credentials.client_id)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def fetch_token(self, **form):
        return self.http.post(
            "/o/token/",
            {"grant_type": "client_credentials"} | form,
            headers={"Authorization": basic(self.credentials)},
        )

    def post(self, path: str, body: bytes, *, content_type="application/json", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, body, content_type=content_type, headers=self.headers | headers)

    def send(self, record: object, **headers):
        return self.post(RECORDS, json.dumps(record).encode(), **headers)

    def send_batch(self, records: object, **headers):
        return self.post(BATCH, json.dumps(records).encode(), **headers)

    def send_lines(self, lines: bytes, *, compress=True):
        body = gzip.compress(lines) if compress else lines
        headers = {"Content_Encoding": "gzip"} if compress else {}
        return self.post(BATCH, body, content_type="application/x-ndjson", **headers)

    def get(self, path: str = RECORDS, **query):
        return self.http.get(path, query, headers=self.headers)

    def read(self, record_id: str):
        return self.get(f"{RECORDS}{record_id}/")

    def codes_of(self, response) -> list[str]:
        return [error["code"] for error in response.json()["errors"]]


def basic(credentials: ClientCredentials) -> str:
    pair = f"{credentials.client_id}:{credentials.secret}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
