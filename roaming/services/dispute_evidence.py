"""Files of evidence: judged by content, kept outside the web root, the same for both sides."""

import hashlib
import os
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext

from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import new_uuid7
from partners.models import User
from partners.services import audit
from roaming.models import Dispute, DisputeAttachment
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.rules.evidence import EvidenceFile, EvidenceRefused, check_file
from roaming.services import dispute_steps as steps
from roaming.services.dispute_steps import Actor

_FOLDER = "evidence"


def attach(
    dispute_id: UUID,
    *,
    name: str,
    content: bytes,
    by: Actor,
    now: datetime,
    user: User | None = None,
) -> DisputeAttachment:
    """Add a file to a running dispute; the same bytes again are the file that is there.

    :raises Dispute.DoesNotExist: there is no such dispute.
    :raises DisputeRefused: the dispute takes none any more, or the file is not taken.
    """
    try:
        file = check_file(name, content, limit_bytes=settings.DISPUTE_FILE_MAX_BYTES)
    except EvidenceRefused as refused:
        raise DisputeRefused(refused.code, str(refused)) from refused
    stored_name = _keep(content)
    try:
        work = partial(
            _attach,
            dispute_id,
            file,
            stored_name,
            content=content,
            by=by,
            now=now,
            user=user,
        )
        attachment = in_transaction(work)
    except BaseException:
        _path(stored_name).unlink(missing_ok=True)
        raise
    if attachment.stored_name != stored_name:
        _path(stored_name).unlink(missing_ok=True)
    steps.publish(attachment.dispute)
    return attachment


def read(attachment: DisputeAttachment, *, actor: str, now: datetime) -> bytes:
    """The bytes as they came; who took them is noted.

    :raises OSError: the file is gone.
    :raises ValueError: the bytes are not the ones that were sent.
    """
    content = _path(attachment.stored_name).read_bytes()
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise ValueError(f"the stored bytes of attachment {attachment.pk} have changed")
    audit.record("dispute.file_downloaded", attachment, actor=actor, at=now)
    return content


def _attach(
    dispute_id: UUID,
    file: EvidenceFile,
    stored_name: str,
    *,
    content: bytes,
    by: Actor,
    now: datetime,
    user: User | None,
) -> DisputeAttachment:
    dispute = Dispute.objects.select_for_update().get(id=dispute_id)
    rules.next_stage(dispute.stage, "attach", by.side)
    sha256 = hashlib.sha256(content).hexdigest()
    if same := dispute.attachments.filter(sha256=sha256).first():
        return same
    if dispute.attachments.count() >= settings.DISPUTE_FILES_MAX:
        raise DisputeRefused(
            "TOO_MANY_FILES",
            gettext("A dispute takes %(DISPUTE_FILES_MAX)s files; it has them.")
            % {"DISPUTE_FILES_MAX": settings.DISPUTE_FILES_MAX},
        )
    attachment = DisputeAttachment.objects.create(
        dispute=dispute,
        side=by.side,
        actor=by.name[:150],
        user=user,
        file_name=file.file_name,
        media_type=file.media_type,
        size_bytes=len(content),
        sha256=sha256,
        stored_name=stored_name,
        added_at=now,
    )
    dispute.version += 1
    dispute.save()
    steps.tell(dispute, "attach", by=by, from_stage=dispute.stage, text=file.file_name, now=now)
    return attachment


def _keep(content: bytes) -> str:
    """Write the bytes under a random name, for the owner alone, and to the disk."""
    stored_name = f"{_FOLDER}/{new_uuid7()}"
    path = _path(stored_name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return stored_name


def _path(stored_name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / stored_name
