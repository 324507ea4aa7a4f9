"""The classes of `collections`; iterators that `next` takes items of."""

import collections
import itertools
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np

from .registry import TRIPS, program, real, trips


@program(real(4))
def totals_by_key(x):
    totals = defaultdict(float)
    for name, value in zip(["a", "b", "a"], (x[0], x[1], x[2])):
        totals[name] += value * value
    groups = defaultdict(list)
    for k in range(4):
        groups[k % 2].append(x[k])
    nested = collections.defaultdict(dict)
    nested["u"]["v"] = x[3] * totals["a"]
    other = {**totals, "c": x[1]}
    plain = dict(totals)
    plain["a"] *= 2.0
    result = totals["a"] * totals["b"] + sum(groups[0]) * groups[1][1]
    result += nested["u"]["v"] * other["c"] * plain["a"] + totals["missing"]
    for k, (_, v) in enumerate(sorted(totals.items())):
        result += (k + 1) * v
    return result * len(totals)


@program(real(4))
def arrays_by_key(x):
    rows = defaultdict(lambda: np.zeros(2))
    rows["a"] += x[:2]
    rows["b"] += x[2:]
    same = rows["a"]
    same[0] *= 3.0
    return np.sum(rows["a"] * rows["b"]) + rows["c"][0]


@program(real(3))
def counts(x):
    words = Counter("abracadabra")
    words["b"] += 2
    total = 0.0
    for name, n in words.most_common(2):
        total += n * x[ord(name) - ord("a")]
    share = Counter()
    share["u"] += x[0]
    share.update(u=x[1])
    share.update({"v": x[2]})
    return total * words.total() + share["u"] * share["v"] * (1 + share["w"])


@program(real(3))
def dicts_in_order(x):
    held = OrderedDict([("a", x[0]), ("b", x[1])], c=x[2])
    held.move_to_end("a")
    total = 0.0
    for value in held.values():
        total = 0.5 * total + value
    key, first = held.popitem(last=False)
    zero = dict.fromkeys(("a", "b"), 0.0)
    zero["a"] += x[0]
    return total * first * held["a"] * (key == "b") + zero["a"] * (1.0 + zero["b"])


@trips(real(6), TRIPS, counts=(1, 2, 6))
def a_moving_window(x, n):
    window, total = deque(maxlen=3), 0.0
    for v in x[:n]:
        window.append(v * v)
        total += sum(window) / len(window)
    return total * window[0] + window[-1]


@trips(real(5), TRIPS, counts=(1, 2, 5))
def a_queue(x, n):
    queue = deque(x[:n])
    while len(queue) > 1:
        a, b = queue.popleft(), queue.popleft()
        queue.append(a * b + 1.0)
    return queue.pop()


@program(real(5))
def both_ends(x):
    q = deque([x[0], x[1]])
    q.append(x[2])
    q.appendleft(x[3])
    q.extendleft((x[4], 2.0))
    q.rotate(-2)
    q[1] *= 3.0
    first, *rest = q
    total = first * rest[0] + rest[2] * q.popleft() * q.pop()
    for k, v in enumerate(reversed(q)):
        total += k * v * v
    return total * len(q) * isinstance(q, deque)


@program(real(4))
def arrays_in_a_queue(x):
    queue = deque([1.0 * x[:2], 2.0 * x[2:]])
    queue.rotate(1)
    queue.append(queue[0] * queue[1])
    return np.sum(queue.popleft() * queue.pop()) + queue[0][1]


@trips(real(5), TRIPS, counts=(2, 3, 5))
def items_taken_one_by_one(x, n):
    it = iter(x[:n])
    a, b = next(it), next(it)
    total = a * b
    for v in it:
        total = 0.5 * total + v * v
    numbered = enumerate(x[:n], 1)
    k, first = next(numbered)
    total += k * first + sum(j * v for j, v in numbered)
    squares = map(lambda v: v * v, x[:n])
    total += next(squares) * max(squares)
    return total + next(iter(x[n:]), x[0]) ** 2


@program(real(3))
def items_of_known_things(x):
    it = iter((x[0], x[1], x[2]))
    same = it
    total = next(it) * next(same) ** 2
    total += sum(it) * next(iter([]), 2.0)
    _, value = next(iter({"a": x[1], "b": x[2]}.items()))
    turns = itertools.cycle((x[0], x[1]))
    return total * value + next(turns) * next(turns) + next(turns)


class Samples:
    def __init__(self, values, n):
        self.values = values
        self.n = n

    def __iter__(self):
        return iter(self.values[: self.n])


class Pair:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def __iter__(self):
        return iter((self.a, self.b))


@trips(real(5), TRIPS, counts=(0, 1, 4))
def objects_gone_over(x, n):
    samples, total = Samples(np.sin(x), n), 0.0
    for v in samples:
        total = 0.5 * total + v * v
    for k, v in enumerate(samples):
        total += k * v
    a, b = Pair(x[0], x[1] * x[2])
    total += sum(v * b for v in samples) + a * max(Pair(a, b)) + sum(list(samples))
    return total


@program(real(2), raises=IndexError)
def a_queue_that_is_empty(x):
    queue = deque()
    return x[0] * queue.popleft()


@program(real(2), raises=StopIteration)
def an_iterator_that_has_ended(x):
    it = iter(x)
    return next(it) * next(it) * next(it)


@program(real(2), raises=KeyError)
def a_dict_without_a_factory(x):
    held = defaultdict(None, a=x[0])
    return held["a"] * held["b"]


@program(real(2), raises=TypeError)
def a_part_of_a_queue(x):
    return deque(x)[0:1]


@program(real(3), refused="again")
def an_iterator_left_in_the_midst(x):
    it, total = iter(x), 0.0
    for v in it:
        total += v
        if v < 0.0:
            break
    return total + sum(it)


@program(real(3), refused="again")
def an_iterator_on_one_path(x):
    it = iter(x)
    if x[0] > 0.0:
        next(it)
    return sum(it)


@program(real(3), refused="changes its length")
def a_queue_that_grows_meanwhile(x):
    queue = deque(x)
    for v in queue:
        if v > 9.0:
            queue.append(v)
    return sum(queue)


@program(real(3))
def iterators_of_classes(x):
    class_ = Steps(x)
    return sum(class_)


class Steps:
    def __init__(self, x):
        self.x = x
        self.k = -1

    def __iter__(self):
        return self

    def __next__(self):
        self.k += 1
        if self.k == len(self.x):
            raise StopIteration
        return self.x[self.k]


@trips(real(6), TRIPS, counts=(0, 1, 3, 6), tags=("mixture returned",))
def items_up_to_a_test(x, n):
    total = sum(itertools.takewhile(lambda v: v > -0.9, x[:n]))
    for v in itertools.dropwhile(lambda v: v > 0.0, x[:n]):
        total = 0.5 * total + v * v
    for k, v in enumerate(list(itertools.filterfalse(lambda v: v > 0.0, x[:n]))):
        total += k * v
    total += sum(v * v for v in itertools.compress(x[:n], itertools.cycle((1, 0))))
    for k in itertools.takewhile(lambda k: k < n, itertools.count(1)):
        total += x[k - 1] * k
    return total


@program(real(4), refused="changes in the loop")
def tests_of_what_changes(x):
    total = 0.0
    for v in itertools.takewhile(lambda v: v < 9.0, x):
        x[3] = 2.0
        total += v
    return total


@program(real(4), refused="no end")
def the_rest_of_what_has_no_end(x):
    total = 0.0
    for k in itertools.dropwhile(lambda k: k < 1, itertools.count()):
        if k > 3:
            break
        total += x[k]
    return total


@trips(real(4), TRIPS, counts=(1, 2, 4))
def backwards_from_what_was_last(x, n):
    grown, known = [v * v for v in x[:n]], [x[0], x[1]]
    backwards, other = reversed(grown), reversed(known)
    total = next(backwards)
    grown.append(5.0 * x[0])
    known.append(3.0)
    for v in backwards:
        total = 0.5 * total + v
    for v in other:
        total = 0.7 * total + v
    return total


@trips(real(4), TRIPS, counts=(0, 1, 2))
def backwards_from_what_is_gone(x, n):
    values, changed = [v * v for v in x], [2.0 * v for v in x]
    backwards, other = reversed(values), reversed(changed)
    for k in range(n):
        values.pop()
        changed[k] = changed.pop() * x[0]
    changed.append(x[1])
    total = 0.3 * x[2]
    for v in backwards:
        total = 0.5 * total + v
    for v in other:
        total = 0.7 * total + v
    return total


@program(real(3), refused="compared")
def dicts_that_are_compared(x):
    totals = defaultdict(float)
    totals["a"] += x[0]
    return 2.0 * x[0] if totals == {} else x[1]


@program(real(4))
def queues_changed_anywhere(x):
    queue = deque(x)
    queue.insert(1, 2.0 * x[0])
    queue += [x[1], 3.0]
    queue.rotate(1)
    queue.remove(3.0)
    s = 0.0
    for k, v in enumerate(queue + deque([x[2]])):
        s += k * v * v
    return s * (queue.index(x[1]) + 1) * (queue.count(x[1]) + 1)


@program(real(4))
def counters_added_up(x):
    c, d = Counter("abca"), Counter(a=1, b=3)
    both, rest = c + d, c - d
    s = x[0] * both["a"] + x[1] * rest["c"] * both.most_common(1)[0][1]
    weights = Counter(a=x[0] + 2.0, b=x[1] + 2.0)
    weights.subtract({"a": x[2]}, b=x[3])
    weights["z"] += x[3]
    return s * weights["a"] * weights["b"] + weights["z"] * weights.total() * len(rest)


@program(real(4))
def places_of_items(x):
    xs = [v * v for v in x]
    k = xs.index(x[2] * x[2])
    xs.remove(x[1] * x[1])
    return xs[1] * k + xs.count(x[0] * x[0]) * sum(v * v for v in xs)


@program(real(4))
def bits_of_what_has_been_met(x):
    met = 0
    for i in range(len(x)):
        if x[i] > -2.0:
            met |= 1 << i
    return sum(x[i] * (met >> i) for i in range(len(x)))


@program(real(2), raises=ValueError)
def what_is_not_in_a_queue(x):
    deque(x).remove(9.0)
    return x[0]


@program(real(3), raises=IndexError)
def a_queue_that_is_full(x):
    queue = deque(x, 3)
    queue.insert(0, 1.0)
    return queue[0]


@program(real(3), refused="keeps what is positive")
def counters_of_floats_added(x):
    return (Counter(a=x[0]) + Counter(a=x[1]))["a"]
