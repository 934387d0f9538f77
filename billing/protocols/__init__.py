"""Modules of protocols that need what billing knows; the roof registers them."""
