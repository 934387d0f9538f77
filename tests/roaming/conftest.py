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
