"""One request of OCPI: who asks, what for whom, and the envelope of the answer.

A module's view has a method per HTTP verb that takes a ``Call`` and gives an ``Answer`` or raises a
``Fault``; everything else about HTTP is here.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar
from uuid import uuid4

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from partners.models import Party
from roaming.gateways import NotReached
from roaming.protocols.ocpi import faults, routing
from roaming.protocols.ocpi.connections import Connection, connection_of
from roaming.protocols.ocpi.faults import Answer, Fault, NotAuthorized
from roaming.protocols.ocpi.recording import Answered, Incoming
from roaming.protocols.ocpi.trees.exact import Unreadable, decode, encode

logger = logging.getLogger(__name__)
_VERBS = ("get", "put", "patch", "post", "delete")
# Our own ids and those of partners: long enough for a UUID with a prefix.
_LONGEST_ID = 64


@dataclass
class Call:
    """What a module's view is told. ``version`` is that of the URL."""

    request: HttpRequest
    connection: Connection
    version: str
    now: datetime
    request_id: str
    correlation_id: str
    caller_role: str | None = None
    callee_role: str | None = None

    @property
    def environment(self) -> str:
        return self.connection.endpoint.environment

    @property
    def parties(self) -> Sequence[Party]:
        return self.connection.parties

    @property
    def raw(self) -> bytes:
        """:raises Fault: HTTP 413, it is longer than we read"""
        try:
            return self.request.body
        except RequestDataTooBig as error:
            raise Fault(faults.CLIENT_ERROR, "The body is too long.", http=413) from error

    @cached_property
    def stated_sender(self) -> routing.Address:
        return routing.address(self.request.headers, routing.FROM)

    @cached_property
    def stated_receiver(self) -> routing.Address:
        return routing.address(self.request.headers, routing.TO)

    @property
    def is_to_hub(self) -> bool:
        return self.stated_receiver.is_hub

    @cached_property
    def sender(self) -> Party:
        return self.sender_in(self.caller_role)

    @cached_property
    def receiver(self) -> Party | None:
        return routing.receiver_of(
            self.stated_receiver, self.callee_role, environment=self.environment
        )

    def sender_in(self, role: str | None) -> Party:
        """The approved party it comes from, in this role.

        :raises Fault: 2001, it was not approved, or several could be meant
        """
        return routing.sender_among(self.parties, self.stated_sender, role)

    def owned_party(self, country: str, party: str, role: str) -> Party:
        """The party of the URL, if this connection speaks for it.

        :raises Fault: 404 with 2001, it does not
        """
        code = (country.upper(), party.upper())
        for one in self.parties:
            if (one.country_code, one.party_id) == code and one.role == role:
                return one
        raise Fault(
            faults.INVALID, f"This connection does not speak for {country}*{party}.", http=404
        )

    def tree(self) -> Any:
        """The body as an exact JSON tree.

        :raises Fault: HTTP 400, it is no JSON, or none that can be kept
        """
        try:
            return decode(self.raw)
        except Unreadable as error:
            raise Fault(
                faults.CLIENT_ERROR, f"The body cannot be read: {error}.", http=400
            ) from error


class ModuleView:
    """One URL of a module, for all versions that have it."""

    # As the registry names it; what belongs to none is the protocol's own.
    module: ClassVar[str] = "versions"
    # Which of its parties calls, and which is called; None: any.
    caller_role: ClassVar[str | None] = None
    callee_role: ClassVar[str | None] = None
    # Open to a system that holds nothing but its registration token.
    for_registration: ClassVar[bool] = False
    # Versions, credentials and hub client info know no routing headers.
    is_routed: ClassVar[bool] = True
    # What the connection must have agreed to; there is nothing here for others.
    needs: ClassVar[str] = ""

    @classmethod
    def as_view(cls) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, **arguments: str) -> HttpResponse:
            return cls().handle(request, **arguments)

        view.__doc__ = cls.__doc__
        view.view_class = cls  # type: ignore[attr-defined]
        return csrf_exempt(view)

    def handle(self, request: HttpRequest, *, version: str = "", **arguments: str) -> HttpResponse:
        """Authenticate, call the verb's method, put the envelope around its answer."""
        request_id = request.headers.get("X-Request-ID", "")[:_LONGEST_ID] or str(uuid4())
        correlation_id = request.headers.get("X-Correlation-ID", "")[:_LONGEST_ID] or str(uuid4())
        now = timezone.now()
        incoming = Incoming(request, self.module, asked_at=now)
        call: Call | None = None
        try:
            connection = incoming.connection = connection_of(request, now=now)
            if connection.is_registering and not self.for_registration:
                raise NotAuthorized("This token is for the registration only.")
            if self.needs and self.needs not in connection.endpoint.capabilities:
                raise Fault(faults.CLIENT_ERROR, "There is nothing here.", http=404)
            call = Call(
                request=request,
                connection=connection,
                version=version,
                now=now,
                request_id=request_id,
                correlation_id=correlation_id,
                caller_role=self.caller_role,
                callee_role=self.callee_role,
            )
            verb = self._verb(request)
            _check_address(request)
            if self.is_routed:
                _ = call.receiver  # whoever is named must be known, whatever the module
            answer = verb(call, **arguments)
        except Fault as fault:
            answer = fault.answer()
        except NotReached as error:
            answer = faults.fault_of(error).answer()
        except Exception:
            logger.exception("OCPI %s %s failed", request.method, request.path)
            answer = Fault(faults.SERVER_ERROR, "Something went wrong here.").answer()
        response = _response(answer)
        response["X-Request-ID"], response["X-Correlation-ID"] = request_id, correlation_id
        if self.is_routed and call is not None:
            self._route_back(response, call)
        incoming.keep(
            response,
            status_code=answer.status_code,
            request_id=request_id,
            correlation_id=correlation_id,
        )
        return response

    def _verb(self, request: HttpRequest) -> Callable[..., Answer]:
        verb = (request.method or "").lower()
        method: Callable[..., Answer] | None = getattr(self, verb, None)
        if verb not in _VERBS or method is None:
            raise Fault(faults.CLIENT_ERROR, f"{request.method} is not possible here.", http=405)
        return method

    def _route_back(self, response: HttpResponse, call: Call) -> None:
        """The answer goes back the way the request came; what could not be told is left out."""
        if call.version == "2.1.1":
            return
        try:
            back = routing.headers_between(call.receiver, call.sender)
        except Fault:
            return
        for name, value in back.items():
            response[name] = value


def _check_address(request: HttpRequest) -> None:
    """:raises Fault: 404, it holds the character NUL, which no id of anything has"""
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        raise Fault(faults.CLIENT_ERROR, "There is nothing at this address.", http=404)


def _response(answer: Answer) -> Answered:
    stamp = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    body: dict[str, Any] = {"status_code": answer.status_code, "timestamp": stamp}
    if answer.message:
        body["status_message"] = answer.message
    if answer.data is not faults.ABSENT:
        body = {"data": answer.data, **body}
    response = Answered(encode(body), content_type="application/json", status=answer.http)
    for name, value in answer.headers.items():
        response[name] = value
    return response
