"""One table of cases per family of V-codes; ``test_rule_cases`` sends each through the intake."""
