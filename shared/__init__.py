"""The gateway's own modules; `function_app.py` is where they meet the Functions host."""
