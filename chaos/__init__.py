"""A campaign of faults against the gateway: what it promises has to hold while Graph, networks and callers fail."""
