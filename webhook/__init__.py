"""`make webhook`: what the gateway makes of a webhook, told without a gateway, a network or a ticket system."""
