"""What the outside world relies on: the platform, the callers, the documents."""
