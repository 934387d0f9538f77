"""A deterministic demo world: five invented partners, three months of sessions, two settlements."""
