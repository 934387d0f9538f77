"""What the home-CSP says about a session, and how both sides compare."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearinghouse.uuid7 import new_uuid7
from partners.models import Partner, Party, RoamingAgreement
from partners.models.environment import environment_field
from roaming.models.batch import IntakeBatch


def _number() -> models.DecimalField:
    return models.DecimalField(max_digits=18, decimal_places=6, null=True)


class CounterRecord(models.Model):
    """The CSP's own record of one session; written once. Its bytes are the raw record's."""

    id = models.UUIDField(primary_key=True, editable=False)
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = environment_field()
    batch_id = models.UUIDField()
    position = models.PositiveIntegerField()
    csp = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    cso = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    counter_id = models.CharField(max_length=100)
    replaces_counter_id = models.CharField(max_length=100, blank=True)
    service_session_id = models.CharField(max_length=100, blank=True, help_text="the CSO's")
    authorization_reference = models.CharField(max_length=100, blank=True)
    evse_id = models.CharField(max_length=60, blank=True)
    location_id = models.CharField(max_length=100, blank=True)
    pseudonym = models.CharField(max_length=16, blank=True)
    tariff_id = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    energy_kwh = _number()
    amount = _number()
    currency = models.CharField(max_length=3, blank=True)
    payload_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["csp", "counter_id"], name="counter_by_csp_and_id"),
            models.Index(fields=["csp", "ended_at"], name="counter_by_csp_and_end"),
            models.Index(fields=["cso", "ended_at"], name="counter_by_cso_and_end"),
        ]

    def __str__(self) -> str:
        return self.counter_id


class CounterKey(models.Model):
    """``counter_id`` of ``csp`` is taken; a replaced counter-record no longer matches."""

    record_id = models.UUIDField(primary_key=True)
    csp = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    counter_id = models.CharField(max_length=100)
    payload_sha256 = models.CharField(max_length=64)
    is_replaced = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["csp", "counter_id"], name="counter_id_is_taken_once_per_csp"
            )
        ]

    def __str__(self) -> str:
        return self.counter_id


class RejectedCounterKey(models.Model):
    """These bytes of ``sender`` were refused and are kept as ``record_id``; the same again is not
    kept again."""

    record_id = models.UUIDField(primary_key=True)
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = environment_field()
    counter_id = models.CharField(max_length=100, blank=True)
    raw_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "environment", "raw_sha256"],
                name="counter_record_is_refused_once",
            )
        ]

    def __str__(self) -> str:
        return self.counter_id


class CounterTally(models.Model):
    """What one committed chunk of counter-records contained, counted at the door.

    ``received`` = ``taken`` + ``rejected`` + ``repeated``; conflicts are rejected, and what was
    refused before and comes again is repeated.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    batch = models.ForeignKey(IntakeBatch, on_delete=models.PROTECT, related_name="counter_tallies")
    sender = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = environment_field()
    day = models.DateField(help_text="day of receipt, UTC")
    received = models.PositiveIntegerField()
    taken = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "counter tallies"
        indexes = [models.Index(fields=["sender", "day"], name="counter_tally_of_day")]
        constraints = [
            models.CheckConstraint(
                condition=Q(received=F("taken") + F("rejected") + F("repeated")),
                name="counter_tally_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"{self.received} counter-records of {self.day}"


class MatchingRun(models.Model):
    """One pass of matching over records that ended in [from_at, until_at)."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    run_key = models.CharField(max_length=200, unique=True)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcomes = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.run_key


class Match(models.Model):
    """Both sides of one session and what was found; only ``is_current`` ever changes, to false."""

    class Outcome(models.TextChoices):
        MATCHED = "MATCHED"
        MATCHED_TOLERANCE = "MATCHED_TOLERANCE"
        MISMATCH = "MISMATCH"
        CSO_ONLY = "CSO_ONLY"
        CSP_ONLY = "CSP_ONLY"
        AMBIGUOUS = "AMBIGUOUS"
        DUPLICATE = "DUPLICATE"

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    run = models.ForeignKey(MatchingRun, on_delete=models.PROTECT, related_name="matches")
    environment = environment_field()
    seller = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    agreement = models.ForeignKey(
        RoamingAgreement, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    record_id = models.UUIDField(null=True, help_text="of the SDR")
    counter_id = models.UUIDField(null=True, help_text="of the counter-record")
    duplicate_of_id = models.UUIDField(null=True, help_text="the counter-record that said it first")
    outcome = models.CharField(max_length=17, choices=Outcome)
    step = models.PositiveSmallIntegerField(default=0, help_text="of the ladder, 1 to 4; 0: none")
    differences = ArrayField(models.CharField(max_length=10), default=list)
    sdr_energy_kwh = _number()
    counter_energy_kwh = _number()
    energy_tolerance_kwh = _number()
    sdr_amount = _number()
    counter_amount = _number()
    amount_tolerance = _number()
    start_difference_s = models.BigIntegerField(null=True)
    end_difference_s = models.BigIntegerField(null=True)
    time_tolerance_s = models.PositiveIntegerField(null=True)
    ended_at = models.DateTimeField()
    matched_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "matches"
        indexes = [
            models.Index(
                fields=["outcome", "id"], condition=Q(is_current=True), name="match_by_outcome"
            ),
            models.Index(fields=["seller", "id"], name="match_by_seller"),
            models.Index(fields=["buyer", "id"], name="match_by_buyer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["record_id"],
                condition=Q(is_current=True, record_id__isnull=False),
                name="sdr_is_matched_once",
            ),
            models.UniqueConstraint(
                fields=["counter_id"],
                condition=Q(is_current=True, counter_id__isnull=False),
                name="counter_record_is_matched_once",
            ),
            models.CheckConstraint(
                condition=Q(record_id__isnull=False) | Q(counter_id__isnull=False),
                name="match_has_a_side",
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of_id__isnull=True) | Q(outcome="DUPLICATE"),
                name="only_a_duplicate_repeats_another",
            ),
        ]

    def __str__(self) -> str:
        return self.outcome

    @property
    def is_held_for_csp(self) -> bool:
        """It differs by more than the tolerance and less than a mismatch: the CSP decides."""
        return self.outcome == self.Outcome.MATCHED_TOLERANCE and bool(self.differences)


class AgeingStep(models.Model):
    """What was done about a one-sided record at one stage; once per subject and stage."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    subject_id = models.UUIDField(help_text="of the SDR or counter-record")
    stage = models.CharField(max_length=20)
    done_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "stage"], name="ageing_stage_is_passed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.stage} of {self.subject_id}"
