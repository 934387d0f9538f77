"""What came in together: files and requests with their counts, and the door for new files."""

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery, Sum
from django.urls import path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.story import ActionLink, Badge, Facts, Figure, Figures, Story, Table, link
from partners.admin_paging import KeysetPaging
from roaming.admin import upload
from roaming.admin.tones import STATE_TONES
from roaming.models import BatchReceipt, Finding, IntakeBatch, IntakeTally, RawRecord, SdrState

# A page counts the states of at most so many records of a batch.
COUNTED_RECORDS = 20_000


def _sum_of(column: str) -> Subquery:
    tallies = IntakeTally.objects.filter(batch=OuterRef("pk")).order_by().values("batch")
    return Subquery(tallies.annotate(total=Sum(column)).values("total"))


@admin.register(IntakeBatch)
class IntakeBatchAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("name", "sender", "door", "received", "new", "repeated", "received_at")
    list_select_related = ("sender",)
    list_filter = (
        ("door", ChoicesDropdownFilter),
        ("sender", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    empty_text = "Upload a file, or let a partner's system send records to the API."
    search_fields = ("=file_name", "=file_sha256")
    search_help_text = "Exact file name or SHA-256"
    change_list_template = "admin/roaming/intakebatch/change_list.html"

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(
                received_sum=_sum_of("received"),
                new_sum=_sum_of("new"),
                repeated_sum=_sum_of("repeated"),
            )
        )

    def get_urls(self):
        door = path(
            "upload/",
            self.admin_site.admin_view(self.upload_view),
            name="roaming_intakebatch_upload",
        )
        return [door, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        more = {"may_upload": upload.may_upload(request)}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def upload_view(self, request):
        return upload.upload_page(request, self)

    @display(description="File or request")
    def name(self, batch) -> str:
        return batch.file_name or f"{batch.get_door_display()} {str(batch.pk)[-8:]}"

    @display(description="Records")
    def received(self, batch) -> str:
        return f"{batch.received_sum or 0:,}"

    @display(description="New")
    def new(self, batch) -> str:
        return f"{batch.new_sum or 0:,}"

    @display(description="Repeated")
    def repeated(self, batch) -> str:
        return f"{batch.repeated_sum or 0:,}"

    def story(self, request, obj) -> Story:
        actions = []
        if obj.job_id:
            url = reverse("admin:partners_job_change", args=[obj.job_id])
            actions.append(ActionLink("Job and result file", url))
        return Story(
            [
                Figures(
                    [
                        Figure("Received", f"{obj.received_sum or 0:,}"),
                        Figure("New", f"{obj.new_sum or 0:,}"),
                        Figure("Repeated", f"{obj.repeated_sum or 0:,}"),
                    ]
                ),
                _states(obj),
                _codes(obj),
                _tallies(obj),
                _facts(obj),
            ],
            actions,
        )


def _records(batch: IntakeBatch):
    """Ids of the batch's new records, bounded."""
    rows = RawRecord.objects.filter(batch_id=batch.pk).order_by("position")
    return rows.values("id")[:COUNTED_RECORDS]


def _states(batch: IntakeBatch) -> Table:
    states = SdrState.objects.filter(sender=batch.sender_id, id__in=_records(batch))
    counts = states.values_list("state").annotate(n=Count("id")).order_by("-n")
    return Table(
        "Where the new records are now",
        ("State", "Records"),
        [(Badge(state, STATE_TONES.get(state, "")), f"{n:,}") for state, n in counts],
        frozenset({1}),
        empty="None of the records was new.",
        note=f"counted over the first {COUNTED_RECORDS:,} records",
    )


def _codes(batch: IntakeBatch) -> Table:
    findings = Finding.objects.filter(record_id__in=_records(batch))
    counts = findings.values_list("code", "severity").annotate(n=Count("id")).order_by("-n")
    return Table(
        "Findings",
        ("Code", "Weight", "Findings"),
        [(code, severity, f"{n:,}") for code, severity, n in counts],
        frozenset({2}),
        empty="No rule was broken.",
    )


def _tallies(batch: IntakeBatch) -> Table:
    rows = (
        IntakeTally.objects.filter(batch=batch)
        .values_list("day", "currency")
        .annotate(
            Sum("received"), Sum("repeated"), new_sum=Sum("new"), claims=Sum("new_claim_amount")
        )
        .order_by("day", "currency")
    )
    return Table(
        "Counted at the door",
        ("Day (UTC)", "Currency", "Received", "Repeated", "New", "Claims of the new"),
        [
            (str(day), currency or "—", f"{got:,}", f"{again:,}", f"{new:,}", f"{claims:,.2f}")
            for day, currency, got, again, new, claims in rows
        ],
        frozenset({2, 3, 4, 5}),
        note="conservation is proved against these counts",
    )


def _facts(batch: IntakeBatch) -> Facts:
    receipt = BatchReceipt.objects.filter(batch=batch).first()
    return Facts(
        "Where it came from",
        [
            ("Sender", link(batch.sender)),
            ("Door", batch.get_door_display()),
            ("Environment", batch.environment),
            ("Sender's number", batch.sequence),
            ("Received", batch.received_at),
            ("Client", link(batch.client) if batch.client else None),
            ("User", batch.user),
            ("Profile", batch.profile.rsplit("/", 1)[-1]),
            ("File", batch.file_name),
            ("File or body (SHA-256)", batch.file_sha256),
            ("Receipt", receipt.jws if receipt else None),
        ],
    )
