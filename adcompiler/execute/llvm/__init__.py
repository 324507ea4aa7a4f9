"""LLVM text becomes a function that Python calls."""
