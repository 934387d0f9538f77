"""A record as received, decrypted for one person with one reason, once."""

import json
from contextlib import suppress
from functools import partial

from django.conf import settings
from django.utils import timezone

from clearinghouse.sealing import Sealer
from partners.admin.confirm import Question, ask
from partners.admin.story import Note, Story, Text
from partners.services import audit
from roaming.models import RawRecord, Sdr


def ask_and_show(request, model_admin, sdr: Sdr):
    return ask(
        request,
        model_admin,
        sdr,
        Question(
            title="Show the record as received?",
            sentence="It holds personal data (a contract id or token). Look only when a partner's"
            " question cannot be answered otherwise. Your name and reason go into the audit trail.",
            button="Show it",
            act=partial(_show, request, model_admin, sdr),
        ),
    )


def _show(request, model_admin, sdr: Sdr, answers):
    raw = RawRecord.objects.filter(sender=sdr.sender, pk=sdr.pk).first()
    audit.record(
        "raw record viewed",
        sdr,
        actor=request.user.get_username(),
        at=timezone.now(),
        reason=answers["reason"],
    )
    response = model_admin.tell(request, sdr, Story([_section(raw)]))
    response["Cache-Control"] = "no-store"
    return response


def _section(raw: RawRecord | None):
    if raw is None:
        return Note("It was erased; the list of erasures says when.", title="Not here any more")
    opened = Sealer(settings.PERSONAL_DATA_KEY, purpose="raw-record").open(
        bytes(raw.encrypted_payload)
    )
    text = opened.decode("utf-8", errors="replace")
    # What cannot be parsed is shown as it came.
    with suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return Text(f"As received, SHA-256 {raw.sha256}", text)
