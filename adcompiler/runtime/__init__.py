"""What a program is trained with: generators, losses, optimizers, modules.

In: arrays and `Parameter`s. Out: PyTorch's numbers, to the digits that
`tests/reference` states. `ad.runtime` is this package.
"""
