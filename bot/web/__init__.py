"""The pages: webhooks and chat in public, the desk in private."""
