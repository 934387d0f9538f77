"""Registry rows as they come in: a JSON array, NDJSON or CSV with a header line."""

import csv

from partners.api.bodies import JSON, NDJSON, read_body
from partners.api.problems import RequestRefused
from roaming.api.batches import split_batch
from roaming.services.registry_rows import rows_of_csv

CSV = "text/csv"


def read_rows(request, *, limit_bytes: int, limit_rows: int) -> tuple[bytes, list[object]]:
    """The decoded body and its rows: JSON bytes each, or texts by column.

    :raises RequestRefused: 400 unreadable, 413 too many, 415 another media type.
    """
    body, media_type = read_body(request, media_types=[JSON, NDJSON, CSV], limit_bytes=limit_bytes)
    if media_type != CSV:
        return body, list(split_batch(body, media_type, limit_records=limit_rows))
    if body.count(b"\n") > 2 * limit_rows:
        raise _too_many(limit_rows)
    try:
        rows: list[object] = list(rows_of_csv(body.decode("utf-8-sig")))
    except (UnicodeDecodeError, csv.Error) as error:
        detail = f"The body is no CSV in UTF-8: {error}."
        raise RequestRefused(400, "BODY_UNREADABLE", detail) from error
    if len(rows) > limit_rows:
        raise _too_many(limit_rows)
    return body, rows


def _too_many(limit_rows: int) -> RequestRefused:
    detail = f"At most {limit_rows:,} rows at once; split it."
    return RequestRefused(413, "BATCH_TOO_MANY_RECORDS", detail)
