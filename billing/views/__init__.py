"""The partner portal: what a partner's people see of their own records and statements."""
