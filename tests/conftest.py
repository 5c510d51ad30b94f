"""What all tests share: the same examples every time, so that a red run is red for everybody."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, database=None, print_blob=True)
settings.load_profile("fixed")
