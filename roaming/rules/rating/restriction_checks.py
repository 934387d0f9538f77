"""What is odd about the restrictions of a tariff before any session is priced."""

from roaming.rules.rating.tariff import NO_RESTRICTIONS, Restrictions, Tariff


def contradiction(told: Restrictions) -> str:
    """Why no instant can match; empty if some can.

    Such an element would price nothing, and the session would be free of it unseen.
    """
    if told.start_minute is not None and told.start_minute == told.end_minute:
        return "start_time is end_time: no time of the day is in between"
    if told.start_date and told.end_date and told.start_date >= told.end_date:
        return f"end_date {told.end_date} is exclusive and not after start_date {told.start_date}"
    pairs = {
        "kwh": (told.min_energy_micro, told.max_energy_micro),
        "duration": (told.min_duration_s, told.max_duration_s),
        "power": (told.min_power_micro, told.max_power_micro),
        "current": (told.min_current_micro, told.max_current_micro),
    }
    for name, (least, most) in pairs.items():
        if most is not None and (least or 0) >= most:
            return f"max_{name} is exclusive and not above min_{name}"
    return ""


def shadowed(tariff: Tariff) -> list[str]:
    """The components that an element ahead, without restrictions, never lets come to pass."""
    settled = set()
    found = []
    for index, element in enumerate(tariff.elements):
        for component in element.components:
            if component.kind in settled:
                found.append(f"elements[{index}] {component.kind.value}")
            if element.restrictions == NO_RESTRICTIONS:
                settled.add(component.kind)
    return found
