"""Files for outsiders, made of plain values: the same bytes each time."""
