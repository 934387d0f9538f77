"""Who takes part: partners, parties, contracts, agreements, endpoints, users, clients, jobs."""
