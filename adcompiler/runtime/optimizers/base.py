"""What all optimizers have in common: parameters in groups, steps, and their state.

In: parameters, or arrays, in a tree or in groups with options; gradients, those that
`backward` has collected or a tree of them. Out: the arrays, changed in place.
Invariants: a step looks at all gradients before it changes anything; an array without a
gradient keeps its value, its state and its count of steps. State is of the dtype of its
array. Options are those of PyTorch, and so is what a step computes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, KeysView, Mapping, ValuesView
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from adcompiler.holders import parameters
from adcompiler.parameter import Parameter
from adcompiler.runtime.optimizers.options import checked, checked_rate
from adcompiler.runtime.trees import Leaf, leaves, matched

__all__ = ["Array", "Group", "Optimizer", "State", "loss_of"]

Array = np.ndarray[Any, Any]
State = dict[str, Any]
_FORM = {"state", "param_groups"}
Group = dict[str, Any]


class Optimizer:
    """Changes parameters by their gradients. The classes derived from it are PyTorch's.

    `params` are `Parameter`s or arrays of floats, in any container (list, dict, tuple,
    dataclass, nested), an object that holds `Parameter`s, or a list of groups: dicts
    with ``params`` and options of their own. Arrays are changed in place.

    Raises TypeError or ValueError of options that mean nothing, of what is no
    parameter, and of a parameter that is listed twice.
    """

    defaults: dict[str, Any]
    param_groups: list[Group]
    state: dict[int, State]

    _state_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: Any, defaults: Mapping[str, Any]) -> None:
        self.defaults = checked(defaults)
        self.param_groups = []
        self.state = {}
        self._trees: list[Any] = []
        for group in _groups(params):
            self.add_param_group(group)

    def add_param_group(self, param_group: Any) -> None:
        """Take more parameters: a dict with ``params`` and options; those that are left
        out are the optimizer's."""
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise TypeError(
                "a group is a dict with 'params' and options, as in "
                "{'params': [w], 'lr': 0.1}"
            )
        given = {k: v for k, v in param_group.items() if k != "params"}
        unknown = [name for name in given if name not in self.defaults]
        if unknown:
            known = ", ".join(self.defaults)
            raise ValueError(
                f"a group has {', '.join(map(repr, unknown))}, which is no option of "
                f"{type(self).__name__}: these are {known}"
            )
        options = checked({**self.defaults, **given})
        tree = _kept(param_group["params"])
        found = [leaf for _, leaf in _wanted(tree)]
        if not found:
            raise ValueError(
                f"{type(self).__name__} got an empty list of parameters: there is no "
                "Parameter and no array of floats in what it was given"
            )
        _refuse_shared([*self._leaves(), *found])
        self.param_groups.append({"params": found, **options})
        self._trees.append(tree)

    # --- Steps ----------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the parameters, or make them zero."""
        for leaf in self._leaves():
            if isinstance(leaf, Parameter):
                leaf.zero_grad(set_to_none)

    def step(self, given: Any = None) -> Any:
        """Change the parameters once.

        ``step()`` takes the gradients that the parameters have. ``step(grads)`` takes a
        tree of them, in the structure of the parameters (of several groups a list with
        an entry for each), with None where there is none. ``step(closure)`` calls a
        function first that computes gradients, and gives what it returns; of
        ``(loss, grads)`` the loss.
        """
        loss = None
        if callable(given):
            loss, given = loss_of(given())
        rates = [checked_rate(group["lr"]) for group in self.param_groups]
        found = self._gradients(given)
        index = 0
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate
            for leaf in group["params"]:
                gradient = found[index]
                if gradient is not None:
                    state = self.state.setdefault(index, {})
                    self._update(_array(leaf), gradient, state, group)
                index += 1
        return loss

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        """Change one array, and its state."""
        raise NotImplementedError

    def _leaves(self) -> list[Leaf]:
        return [leaf for group in self.param_groups for leaf in group["params"]]

    def _gradients(self, given: Any) -> list[Array | None]:
        """The gradients, each as an array like its parameter; None where none is."""
        if given is None:
            pairs = [(k, v, _own(v)) for k, v in enumerate(self._leaves())]
            if not any(isinstance(leaf, Parameter) for _, leaf, _ in pairs):
                raise TypeError(
                    "arrays have no gradients of their own: give them, step(grads), or "
                    "make the arrays parameters, ad.Parameter(x)"
                )
            return [_like(*pair) for pair in pairs]
        return [_like(*found) for found in self._matched(given)]

    def _matched(self, given: Any) -> Iterator[tuple[str, Leaf, Any]]:
        trees = self._trees
        tree = trees[0] if len(trees) == 1 else trees
        mine = {id(leaf) for leaf in self._leaves()}
        for where, leaf, gradient in matched(tree, given):
            if id(leaf) in mine:
                yield where, leaf, gradient
            elif gradient is not None:
                raise TypeError(f"{where} is a gradient for what is no parameter")

    # --- State ----------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the options, to be kept: copies, parameters by number.

        It is PyTorch's form, ``{"state": {number: {name: value}}, "param_groups":
        [...]}``, with the name of the optimizer in front.
        """
        groups, first = [], 0
        for group in self.param_groups:
            count = len(group["params"])
            options = {k: v for k, v in group.items() if k != "params"}
            numbers = list(range(first, first + count))
            groups.append({**copy.deepcopy(options), "params": numbers})
            first += count
        return {
            "optimizer": type(self).__name__,
            "state": copy.deepcopy(self.state),
            "param_groups": groups,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take up the state and the options that `state_dict` has given.

        Raises TypeError or ValueError, and changes nothing, if they are of another
        optimizer or for other parameters.
        """
        groups, state = self._checked_state(state_dict)
        for mine, theirs in zip(self.param_groups, groups, strict=True):
            own = mine["params"]
            mine.clear()
            mine.update({"params": own, **theirs})
        self.state = state

    def _checked_state(self, given: Any) -> tuple[list[Group], dict[int, State]]:
        """What a dict of state says, if it is for this optimizer."""
        name = type(self).__name__
        if not isinstance(given, Mapping) or not set(given) >= _FORM:
            raise TypeError("no state of an optimizer: 'state' or 'param_groups' lacks")
        whose = given.get("optimizer", name)
        if whose != name:
            raise ValueError(f"this is the state of {whose}, not of {name}")
        theirs = given["param_groups"]
        sizes = [len(g["params"]) for g in self.param_groups]
        others = [len(g["params"]) for g in theirs]
        if sizes != others:
            raise ValueError(
                f"this is the state for groups of {others} parameters, and {name} has "
                f"groups of {sizes}"
            )
        groups = [self._checked_group(g) for g in theirs]
        numbers = [number for g in theirs for number in g["params"]]
        places = {number: k for k, number in enumerate(numbers)}
        state: dict[int, State] = {}
        for number, held in given["state"].items():
            if number not in places:
                raise ValueError(f"there is state for {number!r}, which no group has")
            k = places[number]
            state[k] = self._checked_held(_array(self._leaves()[k]), held, k)
        return groups, state

    def _checked_group(self, given: Mapping[str, Any]) -> Group:
        lacking = [name for name in self.defaults if name not in given]
        if lacking:
            raise ValueError(
                f"this is not the state of {type(self).__name__}: a group lacks "
                f"{', '.join(map(repr, lacking))}"
            )
        own = checked({name: given[name] for name in self.defaults})
        more = {k: copy.deepcopy(v) for k, v in given.items() if k != "params"}
        return {**more, **own}

    def _checked_held(self, p: Array, held: Mapping[str, Any], k: int) -> State:
        """The state of one array."""
        found: State = {}
        for name, value in held.items():
            if name not in ("step", *self._state_names):
                raise ValueError(
                    f"this is not the state of {type(self).__name__}, which keeps no "
                    f"{name!r}"
                )
            if value is None:
                continue
            shape = np.shape(value)
            if name in self._arrays() and shape != p.shape:
                raise ValueError(
                    f"{name!r} of {_name(k)} has shape {shape}, not {p.shape}"
                )
            if name == "step":
                found[name] = int(value)
            elif name in self._arrays():
                found[name] = np.array(value, p.dtype)
            else:
                found[name] = copy.deepcopy(value)
        return found

    def _arrays(self) -> tuple[str, ...]:
        """The parts of the state that are arrays like the parameter."""
        return self._state_names

    # --- In words -------------------------------------------------------------------

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v!r}" for k, v in self.defaults.items())
        lines = [f"{type(self).__name__}({options})"]
        for k, group in enumerate(self.param_groups):
            arrays = [_array(leaf) for leaf in group["params"]]
            count = f"{len(arrays)} parameter{'s' * (len(arrays) > 1)}"
            size = sum(a.size for a in arrays)
            own = [
                f"{n}={group[n]!r}" for n, v in self.defaults.items() if group[n] != v
            ]
            line = f"  group {k}: {count} of {size} number{'s' * (size != 1)}"
            lines.append(", ".join([line, *own]))
        return "\n".join(lines)


# --- Parameters -------------------------------------------------------------------


def _groups(params: Any) -> list[Mapping[str, Any]]:
    """The groups that are given, one of all parameters if there are none."""
    params = _listed(params)
    grouped = isinstance(params, list | tuple) and any(map(_is_group, params))
    if grouped:
        others = [type(g).__name__ for g in params if not _is_group(g)]
        if others:
            raise TypeError(f"among groups there is a {others[0]}, which is no group")
        return list(params)
    if isinstance(params, Mapping) and not params:
        params = []
    return [{"params": params}]


def _is_group(given: Any) -> bool:
    return isinstance(given, Mapping) and "params" in given


def _kept(params: Any) -> Any:
    """The tree of parameters; what can be gone through once as a list, and of objects
    the parameters that they hold."""
    params = _listed(params)
    others = [v for _, v in leaves(params) if not isinstance(v, _SINGLE)]
    return (parameters(params) or params) if others else params


def _listed(params: Any) -> Any:
    """What can be gone through once, as a list."""
    once = isinstance(params, Iterator | KeysView | ValuesView)
    return list(params) if once else params


_SINGLE = (
    *(Parameter, np.ndarray, np.generic, str, bytes, int, float, complex, type(None)),
)


def _wanted(tree: Any) -> Iterator[tuple[str, Leaf]]:
    """The parameters of a tree: if there are `Parameter`s in it these, else the arrays
    of floats."""
    found = list(leaves(tree))
    trained = any(isinstance(leaf, Parameter) for _, leaf in found)
    for path, leaf in found:
        if isinstance(leaf, Parameter):
            yield path, leaf
        elif trained or (isinstance(leaf, np.ndarray) and leaf.dtype.kind != "f"):
            continue
        elif isinstance(leaf, np.ndarray):
            if not leaf.flags.writeable:
                raise ValueError(f"{path} is read-only: it cannot be changed in place")
            yield path, leaf
        elif isinstance(leaf, float | np.floating):
            raise TypeError(
                f"{path} is a number, which cannot be changed in place: write "
                "np.array(x), or ad.Parameter(x)"
            )
        elif not isinstance(leaf, int | str | np.generic | type(None)):
            raise TypeError(
                f"{path} is a {type(leaf).__name__}, and neither a parameter nor an "
                "array of floats"
            )


def _array(leaf: Leaf) -> Array:
    return leaf.data if isinstance(leaf, Parameter) else leaf


def _refuse_shared(found: list[Leaf]) -> None:
    """Refuse parameters of which a step would change one twice."""
    spans = []
    for k, leaf in enumerate(found):
        array = _array(leaf)
        low, high = np.lib.array_utils.byte_bounds(array)
        spans.append((low, high if array.size else low, k))
    spans.sort()
    for (_, end, k), (start, _, other) in pairwise(spans):
        if start < end and np.shares_memory(_array(found[k]), _array(found[other])):
            same = found[k] is found[other]
            what = "is listed twice" if same else "shares memory with another"
            raise ValueError(
                f"{_name(max(k, other))} {what}: a step would change it twice"
            )


def _name(k: int) -> str:
    return f"parameter {k}"


# --- Gradients --------------------------------------------------------------------


def _own(leaf: Leaf) -> Any:
    return leaf.grad if isinstance(leaf, Parameter) else None


def _like(where: str | int, leaf: Leaf, gradient: Any) -> Array | None:
    """A gradient as an array like its parameter; it is that of a parameter by number,
    or what stands in a tree."""
    if gradient is None:
        return None
    p = leaf.data if type(leaf) is Parameter else _array(leaf)
    if type(gradient) is np.ndarray and p.flags.writeable:
        given = gradient
        if given.dtype == p.dtype and given.shape == p.shape:
            return given
    if isinstance(gradient, Parameter):
        gradient = gradient.data
    given = np.asarray(gradient)
    what = where if isinstance(where, str) else f"the gradient of {_name(where)}"
    if given.dtype.kind not in "fiu":
        raise TypeError(f"{what} is of dtype {given.dtype}, not a float")
    if given.shape != p.shape:
        raise ValueError(f"{what} has shape {given.shape}, and its parameter {p.shape}")
    if not p.flags.writeable:
        raise ValueError(f"the parameter of {what} is read-only")
    return given.astype(p.dtype, copy=False)


def loss_of(found: Any) -> tuple[Any, Any]:
    """What a closure gives: a loss, or a loss and gradients."""
    pair = isinstance(found, tuple) and len(found) == 2
    return (found[0], found[1]) if pair else (found, None)
