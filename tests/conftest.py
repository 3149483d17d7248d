"""Settings of all tests."""

from hypothesis import settings

# A shared machine may be slow at any moment: examples have no deadline of their own.
settings.register_profile("ecotrack", deadline=None)
settings.load_profile("ecotrack")
