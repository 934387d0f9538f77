"""The directory: with whom the caller's parties roam, through us or directly."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.schema import answer, describe, problems
from partners.models import RoamingAgreement
from roaming import queries_directory
from roaming.api import acting, parameters
from roaming.api.fields import FIELDS
from roaming.services import directory_reading
from roaming.services.directory_reading import DirectoryAddress, DirectoryEntry, DirectoryPage

READ = "directory:read"
_MODES = ", ".join(RoamingAgreement.Mode.values)
describe(
    DirectoryEntry,
    DirectoryAddress,
    DirectoryPage,
    fields=FIELDS
    | {
        "own_party": "Your party, e.g. DE*NLX.",
        "own_role": "CSO or CSP.",
        "other_party": "Its partner.",
        "other_role": "CSO or CSP; a CSP that sells to a CSP resells what its CSOs did.",
        "other_name": "Its name.",
        "relation": "SELLS_TO: yours sends the records. BUYS_FROM: yours has the drivers.",
        "mode": f"{_MODES}. DIRECT: you settle between you, and records are refused here (V004).",
        "is_cleared_here": "Records between the two are taken here.",
        "service_class": "CHARGING, PARKING or RESERVATION.",
        "agreement": "Number and version of the agreement.",
        "presence": "CONNECTED, OFFLINE, PLANNED, SUSPENDED; empty: no system is known here.",
        "addresses": "Of a pair that goes directly (DIRECT, MIXED): where the other's systems are.",
        "protocol": "The system's protocol, e.g. OCPI.",
        "version": "The protocol's version.",
        "url": "Where it tells its versions, else where it is.",
    },
)


class Directory(APIView):
    required_scopes = {"GET": [READ]}

    @extend_schema(
        operation_id="listDirectory",
        tags=["Directory"],
        summary="Read with whom your parties roam, through us or directly",
        description=(
            "The agreements in force of your own parties and of those you may read for; nobody"
            " else's. A pair of mode DIRECT is listed with the address of the other side."
        ),
        parameters=[
            OpenApiParameter("cursor", str, description="From the next link."),
            OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
            OpenApiParameter("mode", str, description=f"One mode: {_MODES}."),
        ],
        responses=answer(200, DirectoryPage, "A page of the directory") | problems(400),
    )
    def get(self, request):
        parameters.refuse_unknown(request, acting.PAGE_PARAMETERS | {"mode"})
        reader = acting.reader(request)
        found = queries_directory.agreements_of(
            reader.party_ids, environment=reader.environment, now=timezone.now()
        )
        if mode := request.query_params.get("mode"):
            if mode not in RoamingAgreement.Mode.values:
                raise ValidationError({"mode": f"is none of {_MODES}"})
            found = found.filter(mode=mode)
        rows, following = acting.page(request, found)
        told = directory_reading.entries_of(rows, reader.party_ids)
        return acting.answer(DirectoryPage(results=told, next=following))
