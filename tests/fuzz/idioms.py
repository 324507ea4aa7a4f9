"""What people write: whole idioms, with random expressions in their places."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz import array_idioms as of_arrays
from tests.fuzz import function_idioms as of_functions
from tests.fuzz import iterator_idioms as of_iterators
from tests.fuzz import kind_idioms as of_kinds
from tests.fuzz import length_idioms as of_lengths
from tests.fuzz import list_idioms as of_lists
from tests.fuzz import loop_idioms as of_loops
from tests.fuzz import statements
from tests.fuzz import store_idioms as of_stores
from tests.fuzz import syntax_idioms as of_syntax
from tests.fuzz.frame import Frame
from tests.fuzz.overwriting import overwritten_in_part
from tests.fuzz.program import Variable


def idiom(frame: Frame) -> None:
    """One idiom that fits what is visible, or a plain assignment."""
    choose = frame.chooser
    arrays = [w for w in statements.storable(frame) if w.shape[0] > 1]
    if arrays and choose.chance(55):
        choose.weighted(_ON_ARRAYS)(frame, choose.pick(arrays))
    else:
        choose.weighted(_OTHERS)(frame)


_ON_ARRAYS: tuple[tuple[int, Callable[[Frame, Variable], None]], ...] = (
    (1, of_arrays.chosen_store),
    (2, of_arrays.shifted_store),
    (2, of_arrays.recurrence),
    (1, of_arrays.element_loops),
    (1, of_arrays.row_views),
    (1, of_arrays.bubble),
    (1, of_arrays.part_of_run_time_length),
    (1, of_arrays.procedure),
    (1, of_arrays.reading_closure),
    (1, of_arrays.ring),
    (3, of_stores.fancy_store),
    (3, of_stores.mask_store),
    (7, of_stores.view_chain),
    (3, of_stores.transposed_store),
    (6, of_stores.of_rank_three),
)
_OTHERS: tuple[tuple[int, Callable[[Frame], None]], ...] = (
    (9, overwritten_in_part),
    (4, of_loops.two_exits),
    (2, of_loops.nested_exits),
    (1, of_loops.newton),
    (1, of_loops.bisection),
    (1, of_loops.rotation),
    (1, of_loops.scan),
    (1, of_loops.run_time_step),
    (6, of_lengths.kept_and_grown),
    (4, of_lengths.handed_on),
    (3, of_kinds.zero_d),
    (1, of_kinds.whole_numbers),
    (5, of_kinds.changing),
    (1, of_kinds.accumulated),
    (3, of_kinds.arrays_of_integers),
    (3, of_kinds.empties),
    (2, of_functions.defaults),
    (2, of_functions.tuples),
    (2, of_functions.functions_of_functions),
    (1, of_functions.part_of_an_argument),
    (6, of_functions.derivative_of_a_number),
    (5, of_functions.derivative_of_an_array),
    (5, of_lists.numbers),
    (3, of_lists.arrays),
    (2, of_lists.laid_out),
    (4, of_iterators.summed),
    (4, of_iterators.gone_over),
    (3, of_iterators.folded),
    (2, of_iterators.rows),
    (3, of_syntax.nested_tuples),
    (2, of_syntax.unpacked_array),
    (3, of_syntax.walrus),
    (3, of_syntax.match_numbers),
    (1, of_syntax.match_arrays),
    (4, of_syntax.nonlocals),
    (2, of_syntax.elif_chain),
    (2, of_syntax.scalar_function),
)
