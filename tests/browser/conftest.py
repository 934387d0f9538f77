"""A small world with one settled month, served for real, and a browser to look at it."""

import os
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from billing.models import Document
from billing.services import statements
from billing.services.closing import close_window
from billing.services.windows import ensure_windows
from partners.models import User
from tests import makers
from tests.browser.chromium import Watched, open_browser

# Playwright's event loop lives in this thread; Django would refuse its own queries beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def chromium():
    with open_browser() as browser:
        yield browser


@dataclass(frozen=True)
class Settled:
    """What the world holds: the document of Nordlicht, and the id of a held record."""

    document: Document
    accepted_id: str
    held_id: str


@pytest.fixture
def settled(transactional_db) -> Settled:
    group = makers.AgreementMaker().group
    ensure_windows(group, now=makers.NOON)
    outcomes = makers.take(
        *(makers.numbered_record(number) for number in range(1, 6)),
        makers.numbered_record(6, csp_id="IT*NEW"),
        makers.numbered_record(7, energy_kwh="18400"),
    )
    closing = close_window(group, now=makers.later(days=1))
    for document in closing.documents:
        statements.render_document(document, now=makers.later(days=1))
    document = next(d for d in closing.documents if d.partner.name == "Nordlicht")
    return Settled(document, outcomes[0].record_id, outcomes[5].record_id)


def person(user_name: str, *, role: str = "", **fields: object) -> User:
    """Somebody who logs in with ``PASSWORD``; of a partner its administrator by default."""
    user = User(username=user_name, **fields)
    user.set_password(PASSWORD)
    role = role or ("partner-admin" if user.partner_id else "")
    with transaction.atomic():
        user.save()
        user.groups.set(Group.objects.filter(name=role))
    return user


@pytest.fixture
def open_page(chromium, live_server):
    """Open a page watched for console errors and for requests that leave the host."""
    opened: list[Watched] = []

    def open_one(**options: object) -> Watched:
        watched = Watched(chromium.new_context(**options), live_server.url)
        opened.append(watched)
        return watched

    yield open_one
    for watched in opened:
        watched.page.context.close()
