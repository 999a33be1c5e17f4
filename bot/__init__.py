"""How it runs: starting, storing, sending."""
