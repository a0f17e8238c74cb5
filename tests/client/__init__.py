"""The typed client against the served product."""
