"""Formulas as SymPy has them. SymPy is imported where something is asked of it."""
