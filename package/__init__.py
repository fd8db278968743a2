"""`make package`: builds the zip that is deployed. Never shipped."""
