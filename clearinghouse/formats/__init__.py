"""How dates are written for people: day first and 24 hours, as everywhere in Europe."""
