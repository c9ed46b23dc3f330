"""Evidence packs: one indicator value with all that it follows from, for an auditor."""
