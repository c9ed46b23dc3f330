"""Real parts for the tests: brokers, databases and whole chains as child processes."""
