"""What we need to register at a partner's system, in our words."""

import msgspec


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """``token`` is the partner's and secret: it opens one handshake and is stored nowhere.

    ``own_url`` is where the partner finds what we speak; ``version`` is its protocol's.
    """

    versions_url: str
    token: str
    version: str
    own_url: str
