"""Loops within loops, of every kind and with every exit."""

import numpy as np

from .registry import TRIPS, program, real, trips


@trips(real(), TRIPS, counts=(0, 1, 2, 4))
def nested_loops(x, n):
    y = 0.7
    for i in range(n):
        for j in range(3):
            y = np.sin(y * x) + 0.1 * i * j
    return y


@trips(real(), TRIPS, counts=(0, 1, 2, 4))
def triangular_nest(x, n):
    y = 0.7
    for i in range(n):
        for j in range(i):
            y = np.sin(y * x) * y + 0.1 * (i - j)
        y = y * x
    return y


@trips(real(), TRIPS, counts=(0, 1, 2, 4))
def triangular_nest_downwards(x, n):
    y = 0.7
    for i in range(n, 0, -1):
        for j in range(i, n):
            y = np.cos(y * x) * y + 0.1 * (j - i)
    return y * y


@program(real(), 2)
def three_deep(x, n):
    y = 0.9
    for i in range(n):
        for j in range(i + 1):
            for k in range(j + 1):
                y = y * x + np.sin(y) * (i + j + k + 1)
    return y


@program(1.3, 3)
def while_inside_for(x, n):
    y = x
    for i in range(n):
        while y < 4.0 + i:
            y = y * x + 0.1
        y = y - 2.0 * x
    return y * y


@program(1.3)
def for_inside_while(x):
    y = x
    while y < 30.0:
        for i in range(2):
            y = y * x + 0.1 * i
    return y


@program(1.2, 4)
def break_out_of_the_inner_loop(x, n):
    total = 0.5
    for i in range(n):
        y = x
        for _ in range(10):
            y = y * x
            if y > 1.5 + 0.2 * i:
                break
        total = total * y + y
    return total


@program(1.2, label="from the nest")
@program(0.4, label="from the end")
def return_out_of_nested_loops(x):
    y = 0.8
    for i in range(4):
        for j in range(3):
            y = y * x + 0.1 * i
            if y > 1.9:
                return y * x + j
        y = y * 1.1
    return y * y


@program(1.2, label="from the loop")
@program(-0.4, label="from the end")
def return_out_of_a_while(x):
    y, i = 0.8, 0
    while i < 6:
        y = y * x + 0.3
        if y > 1.5:
            return y * y
        i += 1
    return y * x


@program(1.4, label="break")
@program(0.2, label="return")
@program(0.9, label="exhausted")
def break_and_return(x):
    y = 1.0
    for i in range(5):
        y = y * x
        if y > 3.0:
            y = y * 2.0
            break
        if y < 0.1:
            return y * x * 7.0
    return y + x * i


@program(real(3, 2))
def sum_of_a_matrix_by_loops(a):
    total = 0.3
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total = total * 0.9 + a[i, j] ** 2 * (i + 2 * j)
    return total


@program(0.7, real(1, 3))
def length_that_one_arm_tells(a, x):
    n = 0
    while n < 3:
        n += 1
        tries = 0
        while True:
            if tries >= 1:
                break
            x = np.concatenate((np.zeros((2, 3)), np.sin(x))).T.max(
                axis=0, keepdims=True
            )
            tries += 1
        a += x[0, n % 3]
    return a * a + np.sum(x * x)


@program(0.4, 1.0, label="made")
@program(0.1, 1.0, label="not made")
@program(-0.7, 1.0, label="no array at all")
def a_row_that_is_made_on_some_paths(x, y):
    if x > -0.6:
        rows = np.arctan(np.full((4, 4), x))
        if x >= 0.137:
            for row in rows:
                weights = np.ones((4, 4)) * y

                def weighed(u):
                    return float(weights[0, 3]) + float(row[-4]) * u

            y = y * weighed(x)
            rows = np.tanh(rows)
        else:
            rows[:, :4] *= y
    elif x < y:
        pass
    return x + y * y
