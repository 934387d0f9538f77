"""Settings that know hordak alone: its migrations take a minute among all our models, or seconds.

Only ``migrate`` runs with them, in the house that ``make bench`` makes.
"""

from clearinghouse.settings import *  # noqa: F403

INSTALLED_APPS = ["django.contrib.contenttypes", "mptt", "djmoney", "hordak"]
DEFAULT_CURRENCY = "EUR"
