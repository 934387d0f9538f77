"""The modules of OCPI, one file each; importing this registers them all."""

from types import ModuleType

from roaming.protocols.ocpi.modules import (
    cdrs,
    chargingprofiles,
    clearing,
    commands,
    credentials,
    hubclientinfo,
    locations,
    sessions,
    tariffs,
    tokens,
    versions,
)
from roaming.protocols.ocpi.registry import register

__all__ = ["ROOT_ROUTES"]

ROOT_ROUTES = versions.ROUTES

_MODULES: tuple[ModuleType, ...] = (
    cdrs,
    chargingprofiles,
    clearing,
    commands,
    credentials,
    hubclientinfo,
    locations,
    sessions,
    tariffs,
    tokens,
)
for _module in _MODULES:
    register(_module.MODULE)
