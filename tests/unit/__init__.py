"""The pure parts, one by one."""
