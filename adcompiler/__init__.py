"""Automatic differentiation of ordinary NumPy programs, source to source."""
