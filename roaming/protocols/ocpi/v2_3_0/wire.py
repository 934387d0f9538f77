"""The objects of OCPI 2.3.0 as they travel: those of 2.2.1 with the changes in ``tables.txt``."""

from pathlib import Path

from roaming.protocols.ocpi.trees.schema import Schema
from roaming.protocols.ocpi.v2_2_1 import wire as v2_2_1

SCHEMA = Schema.in_folder("2.3.0", Path(__file__).parent, base=v2_2_1.SCHEMA)
