# mypy: ignore-errors
"""A partner's system built with py_ocpi (extrawest-ocpi), as its documentation says; OCPI 2.2.1.

Runs in an environment of its own (requirements.txt), never in ours: ``uvicorn app:app``, told what
it is by the library's settings in the environment. Everything is kept in memory; ``/desk/`` is what
its own staff see and do.
"""

import os
import secrets

from py_ocpi import get_application
from py_ocpi.core.adapter import BaseAdapter
from py_ocpi.core.authentication.authenticator import Authenticator
from py_ocpi.core.config import settings
from py_ocpi.core.crud import Crud
from py_ocpi.core.enums import ModuleID, RoleEnum
from py_ocpi.modules.versions.enums import VersionNumber

ROLE = RoleEnum(os.environ["DESK_ROLE"])
STORED = {module.value: {} for module in ModuleID}
TOKENS_A = {os.environ["DESK_TOKEN_A"]}
TOKENS_C = set()
PEERS = []


class Keeper(Authenticator):
    @classmethod
    async def get_valid_token_c(cls):
        return list(TOKENS_C)

    @classmethod
    async def get_valid_token_a(cls):
        return list(TOKENS_A)


class Memory(Crud):
    """Objects by their id, folded: the library changes the case of ids as it reads them."""

    @classmethod
    async def get(cls, module, role, id, *args, **kwargs):
        return STORED[module.value].get(_key(id, kwargs))

    @classmethod
    async def list(cls, module, role, filters, *args, **kwargs):
        found = list(STORED[module.value].values())
        page = found[filters["offset"] : filters["offset"] + filters["limit"]]
        return page, len(found), filters["offset"] + filters["limit"] >= len(found)

    @classmethod
    async def create(cls, module, role, data, *args, **kwargs):
        if module == ModuleID.credentials_and_registration:
            return _registered(data, kwargs["auth_token"])
        key = data.get("id") or data.get("uid")
        STORED[module.value][_key(key, kwargs)] = data
        return data

    @classmethod
    async def update(cls, module, role, data, id, *args, **kwargs):
        STORED[module.value][_key(id, kwargs)] = data
        return data

    @classmethod
    async def delete(cls, module, role, id, *args, **kwargs):
        STORED[module.value].pop(_key(id, kwargs), None)

    @classmethod
    async def do(cls, module, role, action, *args, data=None, **kwargs):
        token = STORED["tokens"][_key(data["token_uid"], {})]
        allowed = "ALLOWED" if token["valid"] else "BLOCKED"
        return {"allowed": allowed, "token": token, "location": data["location_reference"]}


def _key(id_, named):
    if id_ is None:  # hub client info has no id but its party
        return f"{named['country_code']}*{named['party_id']}".lower()
    return str(id_).lower()


def _registered(data, token_a):
    """The peer is remembered, TOKEN_A is used up, and TOKEN_C is given."""
    PEERS.append(data)
    TOKENS_A.discard(token_a)
    token_c = secrets.token_hex(20)
    TOKENS_C.add(token_c)
    return {
        "token": token_c,
        "url": f"{settings.PROTOCOL}://{settings.OCPI_HOST}/{settings.OCPI_PREFIX}/versions",
        "roles": [
            {
                "role": ROLE.value,
                "business_details": {"name": "Built with py_ocpi"},
                "country_code": settings.COUNTRY_CODE,
                "party_id": settings.PARTY_ID,
            }
        ],
    }


app = get_application(
    version_numbers=[VersionNumber.v_2_2_1],
    roles=[ROLE],
    crud=Memory,
    modules=[
        ModuleID.credentials_and_registration,
        ModuleID.locations,
        ModuleID.tariffs,
        ModuleID.sessions,
        ModuleID.cdrs,
        ModuleID.tokens,
        ModuleID.hub_client_info,
    ],
    authenticator=Keeper,
    adapter=BaseAdapter,
    http_push=True,
)


@app.get("/desk/stored/{module}")
async def stored(module: str):
    return STORED[module]


@app.put("/desk/stored/{module}/{key}")
async def keep(module: str, key: str, data: dict):
    STORED[module][key.lower()] = data
    return {}


@app.get("/desk/peers")
async def peers():
    return {"peers": PEERS, "tokens": list(TOKENS_C)}
