"""What it knows: curated entries and how a question finds one."""
