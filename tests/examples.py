"""How many examples a property test draws where each of them asks the database.

``make test`` draws a third of them, ``make test-long`` all. Which ones is drawn anew each time, so
that runs add up.
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

IS_THOROUGH = os.environ.get("TEST_THOROUGHLY") == "1"


def asked_of_the_database(thorough: int) -> Callable[[Callable], Callable]:
    """Mark a test as a twin; ``thorough``: as many examples as the long run draws."""
    drawn = settings(
        max_examples=thorough if IS_THOROUGH else -(-thorough // 3),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    return lambda test: pytest.mark.twin(drawn(test))
