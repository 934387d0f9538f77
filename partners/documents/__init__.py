"""Content into bytes; nothing here queries."""
