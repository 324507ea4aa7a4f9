"""The parts of the NumPy emitter: expressions, statements, layout."""
