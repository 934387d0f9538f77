"""What the API says of itself: valid, complete, and true to the last example."""

from io import StringIO

import msgspec
import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from partners.api.schema import describe
from roaming.api import examples
from roaming.api.fields import FIELDS
from roaming.messages import InboundSdr
from tests import makers
from tests.roaming.partner_systems import PartnerSystem

VARIES = ("record_id", "pseudonym", "batch_id", "receipt")


@pytest.fixture(scope="module")
def schema() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


def _operations(schema: dict):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            yield f"{method} {path}", operation


def _references(part: object):
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _without_ids(answer: object) -> object:
    """The answer without what differs each time."""
    if isinstance(answer, dict):
        return {k: "…" if k in VARIES else _without_ids(v) for k, v in answer.items()}
    return [_without_ids(one) for one in answer] if isinstance(answer, list) else answer


class TestDescription:
    def test_validates_without_a_warning(self):
        call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())

    def test_tells_what_can_be_wrong_with_a_key(self, schema):
        for name, operation in _operations(schema):
            if any(field["name"] == "Idempotency-Key" for field in operation.get("parameters", ())):
                assert {"400", "409", "422"} <= operation["responses"].keys(), name

    def test_gives_no_name_to_two_types(self):
        """The second would describe the answers of the first."""
        other = msgspec.defstruct("InboundSdr", [("shape", str)])

        with pytest.raises(ValueError, match="two message types are called InboundSdr"):
            describe(other, fields={})

    def test_is_openapi_3_1(self, schema):
        assert schema["openapi"].startswith("3.1")

    def test_refers_to_nothing_that_is_not_there(self, schema):
        there = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}

        assert set(_references(schema)) <= there

    def test_names_a_scope_for_each_call(self, schema):
        for name, operation in _operations(schema):
            [requirement] = operation["security"]
            assert requirement["oauth2"], name

    def test_shows_the_problems_of_each_call(self, schema):
        for name, operation in _operations(schema):
            for status in ("401", "403", "429", "500"):
                content = operation["responses"][status]["content"]
                assert list(content) == ["application/problem+json"], (name, status)

    def test_describes_each_field_of_a_record(self, schema):
        properties = schema["components"]["schemas"]["InboundSdr"]["properties"]

        assert set(properties) == set(InboundSdr.__struct_fields__)
        undescribed = [name for name, field in properties.items() if "description" not in field]
        assert undescribed == []

    def test_has_no_description_of_a_field_that_is_gone(self, schema):
        told = set()
        for component in schema["components"]["schemas"].values():
            told |= set(component.get("properties", {}))

        assert set(FIELDS) <= told

    def test_shows_each_example_with_its_status(self, schema):
        post = schema["paths"]["/api/v1/service-detail-records/"]["post"]

        sent = post["requestBody"]["content"]["application/json"]["examples"]
        titles = {one.title for one in examples.ONE_BY_ONE if one is not examples.AGAIN}
        assert {one.get("summary", name) for name, one in sent.items()} == titles
        for example in examples.ONE_BY_ONE:
            [content] = post["responses"][str(example.status)]["content"].values()
            shown = [one["value"] for one in content["examples"].values()]
            assert example.answer in shown, example.title


@pytest.mark.django_db
@pytest.mark.usefixtures("noon", "quick_secrets")
class TestExamples:
    @pytest.fixture
    def nordlicht(self):
        makers.AgreementMaker()
        makers.polder()
        return PartnerSystem(makers.nordlicht())

    def test_of_single_records_are_answered_as_shown(self, nordlicht):
        for example in examples.ONE_BY_ONE:
            answer = nordlicht.send(example.request)

            assert answer.status_code == example.status, example.title
            assert _without_ids(answer.json()) == _without_ids(example.answer), example.title

    def test_of_a_batch_is_answered_as_shown(self, nordlicht):
        answer = nordlicht.send_batch(examples.BATCH.request)

        assert answer.status_code == examples.BATCH.status
        assert _without_ids(answer.json()) == _without_ids(examples.BATCH.answer)

    def test_of_reading_are_what_is_read(self, nordlicht):
        sent = nordlicht.send(examples.RECORD).json()
        voltaire = PartnerSystem(makers.voltaire())

        page, one = nordlicht.get().json(), nordlicht.read(sent["record_id"]).json()
        pulled = voltaire.get(receiver="FR*VOL", after_sequence=0).json()

        assert _without_ids(page) == _without_ids(examples.PAGE)
        assert _without_ids(one) == _without_ids(examples.READ_IN_FULL)
        assert _without_ids(pulled) == _without_ids(examples.PULLED)


@pytest.mark.django_db
class TestPages:
    @pytest.mark.parametrize("page", ["docs", "schema"])
    def test_open_without_a_login_and_from_here_alone(self, client, page):
        answer = client.get(f"/api/{page}/")

        assert answer.status_code == 200
        policy = answer["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "default-src 'self'" in policy
        assert b"cdn." not in answer.content
        assert b"googleapis" not in answer.content

    def test_of_plain_json_have_the_same_policy(self, client):
        text, plain = client.get("/livez"), client.get("/readyz")

        assert plain["Content-Type"] == "application/json"
        assert plain["Content-Security-Policy"] == text["Content-Security-Policy"]

    def test_give_the_description_as_json_too(self, client):
        answer = client.get("/api/schema/", headers={"Accept": "application/json"})

        assert answer.json()["info"]["title"] == "Clearing house partner API"

    def test_swagger_has_no_script_in_the_page(self, client):
        page = client.get("/api/docs/").content.decode()

        assert "<script>" not in page
        script = client.get("/api/docs/?script=").content.decode()
        assert "SwaggerUIBundle" in script


@pytest.mark.django_db
class TestProbes:
    def test_say_that_the_process_lives(self, client):
        assert client.get("/livez").content == b"ok"

    def test_say_which_service_is_missing(self, client, settings):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

        answer = client.get("/readyz")

        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer.json()["database"] == "ok"
        assert answer.json()["broker"] == "unreachable"
