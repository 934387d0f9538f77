"""Staff pages over what happened: records, findings, imports, deliveries."""

from roaming.admin import (  # noqa: F401 they register themselves
    alert,
    authorization_request,
    batch,
    certification,
    connection,
    counter_record,
    delivery,
    dispute,
    exchange,
    finding,
    hold,
    location,
    match,
    registry,
    remote_request,
    rule_override,
    sdr,
    service_session,
    tariff,
    webhook,
)
