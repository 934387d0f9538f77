"""OpenAPI of the delivery and webhook calls."""

from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)

from partners.api.bodies import JSON
from partners.api.schema import answer, describe, problems, ref
from roaming.api.delivery_messages import (
    Confirmation,
    Confirmed,
    NewWebhook,
    Webhook,
    WebhookRequest,
)
from roaming.api.fields import FIELDS
from roaming.services.reading import OwedEntry, OwedPage

_OWN_FIELDS = {
    "receiver": "Your party, e.g. FR*VOL.",
    "up_to_sequence": "The last_sequence of a page that you have stored.",
    "confirmed_sequence": "Highest number confirmed by pull.",
    "delivery_id": "Also the webhook-id header: the same message sent again has the same one.",
    "subject_id": "What the message is about: record, document, dispute.",
    "version": "Version of the subject's state; 0 for the first news of it.",
    "data": "The record as it stands now, where the message is about a record.",
    "match": "What matching found, with a MATCH, and with a REMINDER of a missing record.",
    "remote": "With a REMOTE: the remote request with its outcome as it stands now.",
    "attempts": "Failed attempts to push it.",
    "confirmed_at": "When it was confirmed, by pull or by a 2xx of your webhook.",
    "dead_at": "Given up after 12 attempts; ask for it again.",
    "url": "https address; no redirects are followed.",
    "secret": "Key of the signatures after the Standard Webhooks specification.",
    "failing_since": "Since when your webhook could not be reached.",
}
describe(
    Confirmation,
    Confirmed,
    WebhookRequest,
    NewWebhook,
    Webhook,
    OwedPage,
    OwedEntry,
    fields=FIELDS | _OWN_FIELDS,
)
_TAGS = ["Deliveries"]
_ROLE = OpenApiParameter("role", str, description="CSO or CSP, where the code has both roles.")


list_deliveries = extend_schema(
    operation_id="listDeliveries",
    tags=_TAGS,
    summary="Pull all messages of one party in sequence",
    description=(
        "Every kind of message, in gapless sequence. Nothing is skipped: what commits late gets a"
        " later number. Store a page, then confirm its last_sequence."
    ),
    parameters=[
        OpenApiParameter("receiver", str, required=True, description="Your party, e.g. `FR*VOL`."),
        OpenApiParameter("after_sequence", int, description="The last_sequence you have stored."),
        OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
        _ROLE,
    ],
    responses=answer(200, OwedPage, "Messages in sequence") | problems(400, 404),
)

confirm_deliveries = extend_schema(
    operation_id="confirmDeliveries",
    tags=_TAGS,
    summary="Confirm what you have stored",
    description="Repeating it, or confirming a lower number, changes nothing.",
    parameters=[_ROLE],
    request={JSON: OpenApiRequest(ref(Confirmation))},
    responses=answer(200, Confirmed, "The mark after this call")
    | problems(400, 404, 413, 415, 422),
)

redeliver = extend_schema(
    operation_id="redeliver",
    tags=_TAGS,
    summary="Have one message pushed again",
    description=(
        "It is sent under the same webhook-id, from its first attempt on. At most 1,000 messages of"
        " a party within an hour."
    ),
    request=None,
    responses=answer(202, OwedEntry, "It is due again") | problems(404),
)

get_webhook = extend_schema(
    operation_id="getWebhook",
    tags=_TAGS,
    summary="Where a party's messages are sent",
    parameters=[_ROLE],
    responses=answer(200, Webhook, "The webhook, without its secret") | problems(400, 404),
)

put_webhook = extend_schema(
    operation_id="putWebhook",
    tags=_TAGS,
    summary="Have a party's messages pushed",
    description=(
        "Signed after the Standard Webhooks specification; answer 2xx within 10 seconds. Each PUT"
        " makes a new secret."
    ),
    parameters=[_ROLE],
    request={JSON: OpenApiRequest(ref(WebhookRequest))},
    responses=answer(200, NewWebhook, "The secret, shown this once")
    | problems(400, 404, 413, 415, 422),
)

delete_webhook = extend_schema(
    operation_id="deleteWebhook",
    tags=_TAGS,
    summary="Pull instead",
    parameters=[_ROLE],
    responses={204: OpenApiResponse(description="Gone")} | problems(400, 404),
)
