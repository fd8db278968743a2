"""Everything to run the gateway with no Azure and no tenant. Never shipped, and it imports nothing from `shared/`."""
