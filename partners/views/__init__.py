"""Portal pages about who: the company, and what it is told."""
