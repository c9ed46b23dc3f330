"""The records in formats that others read, whole."""
