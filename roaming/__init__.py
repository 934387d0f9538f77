"""What happened: service detail records, their life, their deliveries."""
