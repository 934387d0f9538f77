"""Every call that we make to a partner's system goes through here, whatever its protocol.

One partner that hangs, floods, redirects or is gone costs the others nothing: see ``calling``.
"""

from roaming.services.outgoing.calling import NotCalled, Reply, Verdict, about, call

__all__ = ["NotCalled", "Reply", "Verdict", "about", "call"]
