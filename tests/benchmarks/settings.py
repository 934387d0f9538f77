"""The house's settings, with the baseline's view beside its own."""

from clearinghouse.settings import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.urls"
