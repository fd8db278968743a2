"""The whole app through real sockets, against the sandbox."""
