"""Pages about who: people's logins, the company, and what it is told."""
