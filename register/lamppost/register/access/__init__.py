"""Who may do what: roles, API tokens, and the gate that every request passes."""
