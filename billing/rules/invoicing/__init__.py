"""Which invoices a settlement's supplies become, who issues them, and where we may not."""
