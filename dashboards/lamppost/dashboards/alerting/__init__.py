"""Alert rules, where they are told, and when: as code."""
