"""The detectors that come with the guard: pure functions of a text, one file each."""
