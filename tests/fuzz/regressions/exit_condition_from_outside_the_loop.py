"""The condition of an early exit that is computed outside the loop that it ends."""


def program(a0):
    for i0 in range(3):
        b0 = a0 < 0.375
        n0 = 0
        while n0 < 3:
            a0 = a0 * 0.75
            if b0:
                return 0.5 * a0
            n0 += 1
    return a0 * a0


ARGUMENTS = (1.9375,)
