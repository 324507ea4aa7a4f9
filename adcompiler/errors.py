"""What a user sees when a program cannot be compiled, and what a maintainer sees
when the compiler itself is at fault.

In: a message, the `Span` of the source that it is about, and a hint that says what
to write instead. Out: an exception whose text points at the source with a caret.

Invariants: a fault of the user's program is a `Diagnostic`, raised before any number
is computed; a fault of the compiler is an `InternalError`. A `Diagnostic` copies the
source line when it is made, so its text stays the same when the file is edited
afterwards, and survives pickling.
"""

from __future__ import annotations

import linecache
import unicodedata
from dataclasses import dataclass

__all__ = ["Diagnostic", "InternalError", "Span", "UnsupportedError"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of source text, in the coordinates of the `ast` module.

    Lines count from 1. Columns are offsets into the UTF-8 encoded line and count from
    0, so that the positions of an `ast` node can be used as they are; `end_col` is
    the offset just after the last byte.

    >>> Span("model.py", 3, 4, 3, 9)
    Span(filename='model.py', lineno=3, col=4, end_lineno=3, end_col=9)
    """

    filename: str
    lineno: int
    col: int
    end_lineno: int
    end_col: int

    @property
    def text(self) -> str | None:
        """The first line of the span without its line end; None if it is unknown."""
        return linecache.getline(self.filename, self.lineno).rstrip("\r\n") or None

    def __str__(self) -> str:
        """Where the span begins, as ``file:line:column`` with columns from 1.

        >>> str(Span("model.py", 3, 4, 3, 9))
        'model.py:3:5'
        """
        return f"{self.filename}:{self.lineno}:{_column(self, self.text)}"


class Diagnostic(Exception):
    """A fault in the user's program, shown at the line and column where it is.

    `message` says what is wrong, `hint` what to write instead. `filename`, `lineno`
    and `col` are those of the text shown, hence `col` counts characters from 1 (as
    editors do), whereas `span.col` counts bytes from 0 (as `ast` does). All three are
    None where no source is known.

    >>> example = "<doctest of Diagnostic>"
    >>> lines = ["def f(x):\\n", "    return x + undo(x)\\n"]
    >>> linecache.cache[example] = (0, None, lines, example)
    >>> error = Diagnostic(
    ...     "'undo' has no derivative",
    ...     span=Span(example, 2, 15, 2, 22),
    ...     hint="give it one with ad.custom_vjp",
    ... )
    >>> print(error)
    <doctest of Diagnostic>:2:16: 'undo' has no derivative
        return x + undo(x)
                   ^^^^^^^
    hint: give it one with ad.custom_vjp
    >>> error.lineno, error.col
    (2, 16)

    Without a span the text is the message and the hint:

    >>> print(Diagnostic("nothing to differentiate", hint="name one in wrt="))
    nothing to differentiate
    hint: name one in wrt=
    """

    message: str
    span: Span | None
    hint: str | None

    def __init__(
        self, message: str, *, span: Span | None = None, hint: str | None = None
    ) -> None:
        # What pickle and copy rebuild an exception from is `args`, then `__dict__`:
        # one positional argument, and everything else an ordinary attribute.
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint
        self._line = None if span is None else span.text

    @property
    def filename(self) -> str | None:
        """The file that the fault is in."""
        return None if self.span is None else self.span.filename

    @property
    def lineno(self) -> int | None:
        """The line that the fault begins on, from 1."""
        return None if self.span is None else self.span.lineno

    @property
    def col(self) -> int | None:
        """The column, in characters from 1, that the fault begins at."""
        return None if self.span is None else _column(self.span, self._line)

    def __str__(self) -> str:
        lines = [self.message]
        if self.span is not None:
            lines = [f"{self.filename}:{self.lineno}:{self.col}: {self.message}"]
            if self._line is not None:
                lines += _excerpt(self.span, self._line)
        if self.hint is not None:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class UnsupportedError(Diagnostic):
    """The program uses what the compiler does not differentiate.

    The refusal concerns derivatives only: a plain call still runs the function. None
    is made without a hint.

    >>> print(UnsupportedError("'yield' is refused", hint="return an array"))
    'yield' is refused
    hint: return an array
    """

    hint: str

    def __init__(self, message: str, *, span: Span | None = None, hint: str) -> None:
        super().__init__(message, span=span, hint=hint)

    def __reduce__(self) -> tuple[object, ...]:
        # Not made by a call, which asks for a hint: that is in `__dict__`.
        return _remade, (type(self), self.message), self.__dict__


def _remade(cls: type[UnsupportedError], message: str) -> UnsupportedError:
    return cls.__new__(cls, message)


class InternalError(Exception):
    """The compiler broke one of its own invariants; the user's program is not at fault.

    `ir` is the text of the last function that the verifier accepted, to be put into
    a bug report.

    >>> print(InternalError("reverse: %3 has no definition", ir="f(x):\\n  return x"))
    reverse: %3 has no definition
    <BLANKLINE>
    the last verified IR:
    f(x):
      return x
    """

    message: str
    ir: str | None

    def __init__(self, message: str, ir: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.ir = ir

    def __str__(self) -> str:
        if self.ir is None:
            return self.message
        return f"{self.message}\n\nthe last verified IR:\n{self.ir}"


def _column(span: Span, line: str | None) -> int:
    """The column, in characters from 1, that `span` begins at on `line`."""
    return span.col + 1 if line is None else len(_decoded(line, 0, span.col)) + 1


def _decoded(line: str, start: int, stop: int | None) -> str:
    """The characters of `line` between two UTF-8 offsets."""
    return line.encode()[start:stop].decode(errors="replace")


def _excerpt(span: Span, line: str) -> tuple[str, str]:
    """The source line, and the line of carets that underlines `span` in it.

    The indentation of the source is replaced by four spaces. Of a span over several
    lines only the first is shown, underlined to its end.

    >>> line = "\\t\\tß = yes(x)  # so"
    >>> print(*_excerpt(Span("m.py", 1, 7, 1, 13), line), sep="\\n")
        ß = yes(x)  # so
            ^^^^^^
    """
    stop = span.end_col if span.end_lineno == span.lineno else None
    before = _decoded(line, 0, span.col).lstrip()
    marked = _decoded(line, span.col, stop).rstrip()
    # A tab stays a tab, so that the caret stands below its character.
    padding = "".join(c if c == "\t" else " " * _width(c) for c in before)
    carets = "^" * max(1, sum(map(_width, marked)))
    return f"    {line.strip()}", f"    {padding}{carets}"


def _width(character: str) -> int:
    """How many columns of a terminal `character` takes.

    >>> [_width(c) for c in ("x", "λ", "値", "\\N{COMBINING ACUTE ACCENT}")]
    [1, 1, 2, 0]
    """
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
