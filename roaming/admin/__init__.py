"""Staff pages over what happened: records, findings, imports, deliveries."""

from roaming.admin import (  # noqa: F401 they register themselves
    batch,
    delivery,
    dispute,
    finding,
    hold,
    rule_override,
    sdr,
)
