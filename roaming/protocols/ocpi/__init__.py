"""OCPI 2.1.1, 2.2.1 and 2.3.0, with the clearing house as the hub."""
