"""Several gradients at once: a tuple with a field per differentiated argument.

In: argument names and gradients. Out: a `Gradients`.
Invariant: any argument name is a field, also `_x`, `class_`, and `index` or `count`,
which then hide the methods of tuples.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import Any, ClassVar

__all__ = ["Gradients", "gradients_type", "spare"]


class Gradients(tuple[Any, ...]):
    """Gradients by position and by the name of the argument.

    >>> g = gradients_type(("w", "_b"))((1.0, 2.0))
    >>> g
    Gradients(w=1.0, _b=2.0)
    >>> g._b, g[0], len(g), g == (1.0, 2.0)
    (2.0, 1.0, 2, True)
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        names = type(self).__match_args__
        fields = (f"{n}={v!r}" for n, v in zip(names, self, strict=True))
        return f"Gradients({', '.join(fields)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self).__match_args__, tuple(self))


@functools.cache
def gradients_type(names: tuple[str, ...]) -> type[Gradients]:
    """The class of gradients of the arguments with these names.

    >>> gradients_type(("x",)) is gradients_type(("x",))
    True
    """
    fields: dict[str, Any] = {
        name: property(operator.itemgetter(k), doc=f"The gradient of {name}.")
        for k, name in enumerate(names)
    }
    fields |= {"__slots__": (), "__match_args__": names}
    return type("Gradients", (Gradients,), fields)


def spare(cls: type[Gradients]) -> Gradients:
    """An object of such a class that code gives when nobody else holds it, with other
    numbers in it: as `zip` does, which spares making one, and letting go of it.

    >>> spare(gradients_type(("x", "y")))
    Gradients(x=0.0, y=0.0)
    """
    return cls((0.0,) * len(cls.__match_args__))


def _rebuild(names: tuple[str, ...], values: Iterable[Any]) -> Gradients:
    return gradients_type(names)(values)
