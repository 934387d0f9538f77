"""It is noon, and secrets are hashed the quick way."""

import pytest
import time_machine

from tests import makers


@pytest.fixture
def noon():
    with time_machine.travel(makers.NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def quick_secrets(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def agreement():
    return makers.AgreementMaker()


@pytest.fixture
def olga():
    """Of the staff, an approver."""
    return makers.approver("olga")


@pytest.fixture
def nils():
    """Of the staff too: the second person."""
    return makers.approver("nils")
