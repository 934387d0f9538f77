"""Our own price of a record on its page: the newest rating, line by line, beside the claim."""

from collections.abc import Iterator

from partners.admin.story import BAD, GOOD, Badge, Facts, Table, link
from roaming.models import Sdr, SdrRating

_COLUMNS = ("quantity", "unit", "price", "excl_vat", "incl_vat")


def sections(sdr: Sdr) -> Iterator[object]:
    """Nothing where nobody told a tariff."""
    ratings = list(
        SdrRating.objects.filter(record_id=sdr.pk)
        .select_related("tariff_version__tariff")
        .order_by("-rating_version")
    )
    if not ratings:
        return
    newest = ratings[0]
    yield Facts("Our own price", _facts(newest))
    yield Table(
        "How our price is made up",
        ("Component", "Quantity", "Unit", "Price", "Without VAT", "With VAT", "Because"),
        [
            (
                told_component(line["component"]),
                *(line[name] or "" for name in _COLUMNS),
                line["because"],
            )
            for line in newest.trace
        ],
        frozenset({1, 3, 4, 5}),
        note=f"In {newest.currency}. All lines together are the price; none is rounded but in the"
        " line “Rounding”.",
    )
    if len(ratings) > 1:
        yield Table(
            "Ratings before",
            ("Version", "Without VAT", "With VAT", "Rated", "Why"),
            [
                (
                    one.rating_version,
                    f"{one.total_excl_tax:.2f} {one.currency}",
                    f"{one.total_incl_tax:.2f} {one.currency}",
                    one.rated_at,
                    one.reason or "at intake",
                )
                for one in ratings[1:]
            ],
            frozenset({0, 1, 2}),
        )


def told_component(code: str) -> str:
    """A component of OCPI as people write it: ``Parking time``."""
    return code.replace("_", " ").capitalize()


def _facts(rating: SdrRating) -> list[tuple[str, object]]:
    verdict = {
        True: Badge("within the tolerance", GOOD),
        False: Badge("beyond the tolerance", BAD),
        None: "",
    }[rating.is_within_tolerance]
    difference = "" if rating.difference is None else f"{rating.difference:.2f} {rating.currency}"
    return [
        ("Without VAT", f"{rating.total_excl_tax:.2f} {rating.currency}"),
        ("With VAT", f"{rating.total_incl_tax:.2f} {rating.currency}"),
        ("Claim − our price", difference),
        ("Verdict", verdict),
        ("Tariff", link(rating.tariff_version.tariff)),
        ("Version of the tariff", rating.tariff_version.version),
        ("Version of the rating", rating.rating_version),
        ("Why rated again", rating.reason),
    ]
