"""Staff pages over what happened: records, findings, imports, deliveries."""

from roaming.admin import batch, delivery, dispute, finding, sdr  # noqa: F401 they register themselves
