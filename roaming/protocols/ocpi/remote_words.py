"""Commands and charging profiles: OCPI's objects and our words for what is asked from afar."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from partners.models import Party
from roaming.messages.authorizations import ShownCredential
from roaming.messages.sessions import (
    AnswerWord,
    ChargingProfile,
    OutcomeWord,
    ProfilePeriod,
    RemoteAnswer,
    RemoteAsk,
    RemoteKind,
    RemoteOutcome,
)
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.identity import format_of, version_of
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.session_documents import COMMON, shown, type_of
from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.known import Known

KIND_OF: dict[str, RemoteKind] = {
    "START_SESSION": "START",
    "STOP_SESSION": "STOP",
    "RESERVE_NOW": "RESERVE",
    "CANCEL_RESERVATION": "CANCEL_RESERVATION",
    "UNLOCK_CONNECTOR": "UNLOCK",
}
COMMAND_OF: dict[str, str] = {kind: command for command, kind in KIND_OF.items()}
OBJECT_OF = {
    "START_SESSION": "StartSession",
    "STOP_SESSION": "StopSession",
    "RESERVE_NOW": "ReserveNow",
    "CANCEL_RESERVATION": "CancelReservation",
    "UNLOCK_CONNECTOR": "UnlockConnector",
}
_OUTCOME_OF: dict[str, OutcomeWord] = {
    "ACCEPTED": "DONE",
    "CANCELED_RESERVATION": "CANCELED",
    "EVSE_OCCUPIED": "OCCUPIED",
    "EVSE_INOPERATIVE": "INOPERATIVE",
    "FAILED": "FAILED",
    "NOT_SUPPORTED": "NOT_SUPPORTED",
    "REJECTED": "REJECTED",
    "TIMEOUT": "TIMED_OUT",
    "UNKNOWN_RESERVATION": "UNKNOWN_RESERVATION",
    # A charging profile's: the station could not say.
    "UNKNOWN": "FAILED",
    # What a 2.1.1 system says in place of a result.
    "UNKNOWN_SESSION": "FAILED",
}
_RESULT_OF = {
    outcome: result
    for result, outcome in _OUTCOME_OF.items()
    if result not in ("UNKNOWN", "UNKNOWN_SESSION")
}
_ANSWERS = {"ACCEPTED", "REJECTED", "NOT_SUPPORTED", "UNKNOWN_SESSION", "TOO_OFTEN"}
_USUAL_TIMEOUT_S = 30
# How the CSP's own list treats a driver whom it starts from afar itself.
_NEVER_ASKED = "NEVER"


def ask_of(command: str, tree: Tree, version: str, *, correlation_id: str) -> RemoteAsk:
    """A command without fatal faults in our words."""
    token = tree.get("token")
    return RemoteAsk(
        kind=KIND_OF[command],
        driver=shown(token) if token else None,
        driver_document={"token": token} if token else {},
        session_id=tree.get("session_id") or "",
        reservation_id=str(tree.get("reservation_id", "")),
        location_id=tree.get("location_id") or "",
        evse_uid=tree.get("evse_uid") or "",
        connector_id=tree.get("connector_id") or "",
        authorization_reference=tree.get("authorization_reference") or "",
        expires_at=_instant(tree.get("expiry_date")),
        response_url=tree["response_url"],
        correlation_id=correlation_id,
        document_format=format_of(version),
    )


def command_of(asked: RemoteAsk, version: str, *, csp: Party, url: str, now: datetime) -> Tree:
    """What the CSO is asked in its version; ``url`` is ours for the outcome.

    :raises Untranslatable: that version has no words for it
    """
    kind = asked.kind
    if COMMAND_OF.get(kind) == "CANCEL_RESERVATION" and version == "2.1.1":
        raise objects.Untranslatable("", "OCPI 2.1.1 cannot cancel a reservation")
    tree: dict[str, Any] = {"response_url": url}
    if kind in ("START", "RESERVE"):
        tree["token"] = _token(asked, version, csp=csp, now=now)
    if kind == "RESERVE" and asked.expires_at is not None:
        tree["expiry_date"] = times.written(asked.expires_at)
    if kind in ("RESERVE", "CANCEL_RESERVATION"):
        # 2.1.1 wants a number, and names no CSP: ours is unique at the CSO.
        named = asked.reservation_number if version == "2.1.1" else asked.reservation_id
        tree["reservation_id"] = named
    if kind == "STOP":
        tree["session_id"] = asked.session_id
    fields = ["location_id", "evse_uid"] if kind in ("START", "RESERVE", "UNLOCK") else []
    if kind == "UNLOCK" or (kind == "START" and version != "2.1.1"):
        fields.append("connector_id")
    if kind in ("START", "RESERVE") and version != "2.1.1":
        fields.append("authorization_reference")
    return tree | {name: value for name in fields if (value := getattr(asked, name))}


def answer_of(tree: Tree) -> RemoteAnswer:
    """A CommandResponse or ChargingProfileResponse; an unknown word is a refusal."""
    result = str(tree.get("result", "")).upper()
    word: AnswerWord = result if result in _ANSWERS else "REJECTED"  # type: ignore[assignment]
    timeout = tree.get("timeout", _USUAL_TIMEOUT_S)
    is_number = isinstance(timeout, int) and not isinstance(timeout, bool)
    return RemoteAnswer(
        answer=word,
        timeout_s=timeout if is_number and 0 <= timeout < 86_400 else _USUAL_TIMEOUT_S,
        messages=messages_of(tree),
    )


def response_of(answer: RemoteAnswer, version: str, *, is_profile: bool = False) -> Tree:
    """The CSO's answer as ``version`` tells it."""
    word = answer.answer
    if word == "TOO_OFTEN" and not is_profile:
        word = "REJECTED"
    if version == "2.1.1":
        return {"result": word}
    tree: dict[str, Any] = {"result": word, "timeout": answer.timeout_s}
    if answer.messages and not is_profile:
        tree["message"] = dict(answer.messages[0])
    return tree


def outcome_of(tree: Tree) -> RemoteOutcome | None:
    """A CommandResult, a 2.1.1 CommandResponse or a profile's result; ``None``: it is none."""
    word = _OUTCOME_OF.get(str(tree.get("result", "")).upper())
    if word is None:
        return None
    active = tree.get("profile")
    return RemoteOutcome(
        outcome=word,
        messages=messages_of(tree),
        profile=active_profile_of(active) if isinstance(active, dict) else None,
    )


def result_of(outcome: RemoteOutcome, version: str, *, kind: str) -> Tree:
    """The outcome as ``version`` tells it to the asker."""
    word = _RESULT_OF[outcome.outcome]
    if kind.endswith("_PROFILE"):
        word = word if word in ("ACCEPTED", "REJECTED") else "UNKNOWN"
        tree: dict[str, Any] = {"result": word}
        if outcome.profile is not None:
            tree["profile"] = active_profile_tree(outcome.profile)
        return tree
    if version == "2.1.1":
        return {"result": word if word in ("ACCEPTED", "NOT_SUPPORTED", "TIMEOUT") else "REJECTED"}
    tree = {"result": word}
    if outcome.messages:
        tree["message"] = dict(outcome.messages[0])
    return tree


def messages_of(tree: Tree) -> tuple[dict[str, str], ...]:
    """OCPI has one message where some systems send several."""
    told = tree.get("message")
    several: Iterable[Any] = told if isinstance(told, list) else (told,)
    return tuple(
        {"language": str(one.get("language", ""))[:2], "text": str(one.get("text", ""))[:512]}
        for one in several
        if isinstance(one, dict)
    )


def profile_of(tree: Tree) -> ChargingProfile:
    """A ChargingProfile without fatal faults in our words."""
    return ChargingProfile(
        starts_at=_instant(tree.get("start_date_time")),
        duration_s=tree.get("duration"),
        unit=tree["charging_rate_unit"],
        min_rate=_figure(tree.get("min_charging_rate")),
        periods=tuple(
            ProfilePeriod(start_s=one["start_period"], limit=Decimal(one["limit"]))
            for one in tree.get("charging_profile_period") or ()
        ),
    )


def profile_tree(profile: ChargingProfile) -> Tree:
    tree: dict[str, Any] = {
        "start_date_time": times.written(profile.starts_at) if profile.starts_at else None,
        "duration": profile.duration_s,
        "charging_rate_unit": profile.unit,
        "min_charging_rate": profile.min_rate,
        "charging_profile_period": [
            {"start_period": one.start_s, "limit": one.limit} for one in profile.periods
        ],
    }
    return {name: value for name, value in tree.items() if value is not None}


def active_profile_of(tree: Tree) -> ChargingProfile | None:
    """An ActiveChargingProfile; its own start counts, not the profile's. ``None``: it is none."""
    if any(fault.is_fatal for fault in objects.faults_of(COMMON, "ActiveChargingProfile", tree)):
        return None
    inner = dict(tree["charging_profile"], start_date_time=tree["start_date_time"])
    return profile_of(inner)


def active_profile_tree(profile: ChargingProfile) -> Tree:
    tree = profile_tree(profile)
    started = tree.pop("start_date_time", None)
    return {"start_date_time": started, "charging_profile": tree}


def _token(asked: RemoteAsk, version: str, *, csp: Party, now: datetime) -> Tree:
    """The CSP's own token object, translated; one of our own API is made."""
    token = asked.driver_document.get("token")
    source = version_of(asked.document_format)
    known = Known(owner=csp.code)
    if token is None or not source:
        token, source = _made(asked.driver, csp, now), COMMON
    if source == version:
        return token
    return objects.translate("Token", token, source, version, known).tree


def _made(driver: ShownCredential | None, csp: Party, now: datetime) -> Tree:
    driver = driver or ShownCredential(kind="OTHER")
    return {
        "country_code": csp.country_code,
        "party_id": csp.party_id,
        "uid": driver.uid or driver.contract_id,
        "type": type_of(driver.kind),
        "contract_id": driver.contract_id or driver.uid,
        "issuer": csp.name,
        "valid": True,
        "whitelist": _NEVER_ASKED,
        "last_updated": times.written(now),
    }


def _instant(text: str | None) -> datetime | None:
    return times.instant(text) if text else None


def _figure(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
