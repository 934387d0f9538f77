"""Rating: what a service session costs under a tariff, and a trace to recompute it from.

The semantics are OCPI's (2.1.1 and 2.2.1), the extras are those of our agreements. A tariff is
read (``ocpi_tariff``), compiled for the time zone of its location (``compiled``) and then prices
any number of sessions (``price``). Inside, figures are integers of fixed point (``figures``), so
nothing is rounded between a quantity and the one rounding of the record.
"""
