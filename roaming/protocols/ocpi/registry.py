"""Which modules the hub offers, from which side, in which versions.

A floor above may register a module of its own before the URLs are built.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import URLPattern, path

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Module:
    """``routes``: path below the version without a slash at its end, and its view.

    ``sides``: what the version's details list, with the path of each. ``owner_role``: whose data
    it is (of our roles), so that 2.1.1, which knows no sides, can be told the right path.
    ``needs``: what a connection must have agreed to, else the module is not there for it.
    """

    name: str
    versions: tuple[str, ...]
    sides: dict[str, str]
    routes: Sequence[tuple[str, View]]
    owner_role: str = ""
    needs: str = ""


_modules: dict[str, Module] = {}


def register(module: Module) -> None:
    """Its views learn whose they are: exchanges are kept by module."""
    _modules[module.name] = module
    for _, view in module.routes:
        view.view_class.module = module.name  # type: ignore[attr-defined]


def module_names() -> list[str]:
    return sorted(_modules)


def modules_of(version: str) -> list[Module]:
    return [module for module in _modules.values() if version in module.versions]


def patterns_of(version: str) -> list[URLPattern]:
    """Each route with and without a slash at its end: a redirect would lose a POST."""
    return [
        path(route + end, view, {"version": version})
        for module in modules_of(version)
        for route, view in module.routes
        for end in ("", "/")
    ]
