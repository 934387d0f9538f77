"""Calls to partners' systems over OCPI, one file per module; the gateway picks the right one."""
