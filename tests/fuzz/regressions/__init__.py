"""Programs that were once compiled wrongly, one file each.

Each file is what `tests.fuzz.run --shrink` writes: a function `program`, and
`ARGUMENTS` to call it with. Name it after what was wrong; say so in its first line.
"""
