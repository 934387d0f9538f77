"""A fake partner for tests, labs and newcomers; see ``docs/onboarding-kit.md``."""

from roaming.protocols.ocpi.simulator.conduct import Behaviour
from roaming.protocols.ocpi.simulator.exchanges import Call, NothingCame
from roaming.protocols.ocpi.simulator.options import CPO, EMSP, Options, Speaker
from roaming.protocols.ocpi.simulator.partner import FakePartner
from roaming.protocols.ocpi.simulator.registration import RegistrationFailed

__all__ = [
    "CPO",
    "EMSP",
    "Behaviour",
    "Call",
    "FakePartner",
    "NothingCame",
    "Options",
    "RegistrationFailed",
    "Speaker",
]
