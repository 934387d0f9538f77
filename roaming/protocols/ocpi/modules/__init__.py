"""The modules of OCPI, one file each; importing this registers them all."""

from types import ModuleType

from roaming.protocols.ocpi.modules import (
    cdrs,
    credentials,
    hubclientinfo,
    locations,
    tariffs,
    versions,
)
from roaming.protocols.ocpi.registry import register

__all__ = ["ROOT_ROUTES"]

ROOT_ROUTES = versions.ROUTES

_MODULES: tuple[ModuleType, ...] = (
    cdrs,
    credentials,
    hubclientinfo,
    locations,
    tariffs,
)
for _module in _MODULES:
    register(_module.MODULE)
