from django.db import models


class Environment(models.TextChoices):
    """TEST and LIVE never mix: a composite foreign key holds each row to its neighbours'."""

    TEST = "TEST", "Test"
    LIVE = "LIVE", "Live"


def environment_field() -> models.CharField:
    return models.CharField(max_length=4, choices=Environment, default=Environment.LIVE)
