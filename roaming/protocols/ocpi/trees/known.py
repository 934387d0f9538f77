"""What an object leaves unsaid because its sender's connection, or a registry of ours, says it."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from roaming.protocols.ocpi.trees.exact import Tree

LookUp: TypeAlias = Callable[[str], Tree | None]


def nothing(key: str) -> Tree | None:
    """A look-up that knows nothing."""
    return None


class Known(NamedTuple):
    """``owner``: the party (``NL*TNM``) on whose connection a 2.1.1 object came.

    ``token_of``: the OCPI 2.2.1 Token (or CdrToken) of a contract id, which is all of a token that
    a 2.1.1 session or CDR tells. ``location_of``: the OCPI 2.2.1 Location of a location id, which a
    2.1.1 session carries whole. ``token``: the one that was asked about, which a 2.1.1 answer to an
    authorization does not repeat.
    """

    owner: str = ""
    token_of: LookUp = nothing
    location_of: LookUp = nothing
    token: Tree | None = None


NOTHING_KNOWN = Known()
