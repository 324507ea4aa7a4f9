"""Generators of random numbers, whose streams are PyTorch's."""
