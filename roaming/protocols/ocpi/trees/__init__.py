"""What the OCPI versions share: exact JSON, times, field tables, checks, and the translator."""
