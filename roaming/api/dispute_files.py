"""Evidence of a dispute over the API: bytes in, the same bytes out."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import timezone
from rest_framework.views import APIView

from partners.api.bodies import read_body
from partners.api.idempotency import answer_once
from roaming.api import dispute_documentation as documentation
from roaming.api import dispute_reading as reading
from roaming.api.disputes import actor_on, as_json, find, name_of, refusing
from roaming.rules.evidence import ENDINGS
from roaming.services import dispute_evidence
from roaming.stored_evidence import answer_with_evidence

_ANY = "application/octet-stream"
_READ, _WRITE = "dispute:read", "dispute:write"


class Attachments(APIView):
    required_scopes = {"GET": [_READ], "POST": [_WRITE]}

    @documentation.list_files
    def get(self, request, dispute_id: UUID):
        return as_json(reading.files_of(find(request, dispute_id)))

    @documentation.attach_file
    def post(self, request, dispute_id: UUID):
        dispute = find(request, dispute_id)
        limit = settings.DISPUTE_FILE_MAX_BYTES
        content, _ = read_body(request, media_types=[_ANY, *ENDINGS], limit_bytes=limit)
        name = request.query_params.get("file_name", "")[:1_000]

        def work() -> HttpResponse:
            attachment = refusing(
                dispute_evidence.attach,
                dispute.pk,
                name=name,
                content=content,
                by=actor_on(request, dispute, "attach"),
                now=timezone.now(),
            )
            return as_json(reading.file_of(attachment), status=201)

        return answer_once(request, body=name.encode() + b"\n" + content, work=work)


class Attachment(APIView):
    required_scopes = {"GET": [_READ]}

    @documentation.get_file
    def get(self, request, dispute_id: UUID, attachment_id: UUID):
        attachment = find(request, dispute_id).attachments.filter(pk=attachment_id).first()
        if attachment is None:
            raise Http404
        content = dispute_evidence.read(attachment, actor=name_of(request), now=timezone.now())
        return answer_with_evidence(attachment, content)
