"""Who may do what: users, roles, what each role may see and do, passwords and tokens. Pure; no web, no database."""
