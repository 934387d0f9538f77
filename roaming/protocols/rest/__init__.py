"""Our own way to ask a partner's system: JSON, signed like our webhooks."""
