"""The house's settings, with the baselines beside it: a view of DRF's, the ledger of hordak's."""

from clearinghouse.settings import *  # noqa: F403
from clearinghouse.settings import INSTALLED_APPS as OUR_APPS

INSTALLED_APPS = [*OUR_APPS, "mptt", "djmoney", "hordak"]
DEFAULT_CURRENCY = "EUR"
ROOT_URLCONF = "tests.benchmarks.urls"
# The partners of the measuring lie on this machine.
PARTNERS_MAY_BE_LOCAL = WEBHOOKS_MAY_BE_LOCAL = True
