"""Colors of a record's states, the same on every page."""

STATE_TONES = {
    "REJECTED": "danger",
    "HELD": "warning",
    "DISPUTED": "warning",
    "ACCEPTED": "success",
    "DELIVERED": "info",
    "VALIDATED": "info",
    "RATED": "info",
}
