from hypothesis import settings

# The same examples on every machine: a suite that decides whether a change lands must not depend on luck.
settings.register_profile("reproducible", deadline=None, derandomize=True, database=None)
settings.load_profile("reproducible")
