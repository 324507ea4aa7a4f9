"""Calls of NumPy and SciPy in many forms, a line each, and the inputs they name."""
