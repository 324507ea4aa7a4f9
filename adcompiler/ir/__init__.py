"""The intermediate representation: see `nodes` for the grammar."""
