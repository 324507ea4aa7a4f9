"""Random whole programs, checked against references and against each other."""
