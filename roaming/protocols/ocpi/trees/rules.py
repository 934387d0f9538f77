"""Rules on objects that more than one version has."""

from roaming.protocols.ocpi.trees.checks import Fault, Place, path_of


def excuse_embedded_tariffs(place: Place, faults: list[Fault]) -> None:
    """A tariff in a CDR is told for information: what is wrong in it costs nobody the bill.

    The specification's own 2.3.0 CDR has one without the mandatory ``tax_included``.
    """
    start = path_of((place, "tariffs"))
    for index, fault in enumerate(faults):
        if fault.is_fatal and fault.path.startswith(start):
            faults[index] = fault._replace(is_fatal=False)
