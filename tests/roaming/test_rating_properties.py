"""The promises of rating, kept for whatever Hypothesis thinks up."""

import pytest

from tests.roaming.rating_promises import PROMISES


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_promise(promise):
    promise()
