"""Tests of adcompiler."""
