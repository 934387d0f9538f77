"""Adapters, one folder per protocol: they translate and make one call."""
