"""`make fuzz`: requests made from the OpenAPI document, each answer held against it. Never shipped."""
