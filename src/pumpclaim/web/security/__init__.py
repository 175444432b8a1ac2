"""Who may do what: users, sessions, roles, limits, the audit log."""
