"""What it says and decides: pure; imports knowledge only."""
