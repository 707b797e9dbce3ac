"""Writes cka.json: linear CKA of small tables by its definition on Gram matrices in numpy (float64).

- `biased`: double centring, `tr(H K H L)` (Kornblith et al. 2019, arXiv 1905.00414).
- `unbiased`: HSIC_1 with zeroed diagonals (Song et al. 2012, equation 5).

Run: /usr/bin/python3 generate_cka.py   (made with Python 3.11, numpy 1.24.2; seed 20240612)
"""
import json
import os

import numpy

random = numpy.random.default_rng(20240612)


def biased(k, l):
    n = len(k)
    h = numpy.eye(n) - numpy.ones((n, n)) / n
    return numpy.trace(h @ k @ h @ l) / (n - 1) ** 2


def unbiased(k, l):
    n = len(k)
    k, l = k - numpy.diag(numpy.diag(k)), l - numpy.diag(numpy.diag(l))
    one = numpy.ones(n)
    total = (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return (numpy.trace(k @ l) + total - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3))


def alignment(hsic, x, y):
    k, l = x @ x.T, y @ y.T
    return hsic(k, l) / numpy.sqrt(hsic(k, k) * hsic(l, l))


def case(rows, left, right):
    x = (random.normal(size=(rows, left)) * random.uniform(0.1, 5, left) + 2).astype(numpy.float32)
    mixed = x @ random.normal(size=(left, right)).astype(numpy.float32)
    y = (mixed + 2 * random.normal(size=(rows, right)) - 7).astype(numpy.float32)
    a, b = x.astype(float), y.astype(float)
    return {
        "rows": rows,
        "left": a.ravel().tolist(),
        "right": b.ravel().tolist(),
        "biased": alignment(biased, a, b),
        "unbiased": alignment(unbiased, a, b),
    }


cases = [case(12, 5, 7), case(8, 20, 3), case(6, 9, 11), case(60, 4, 4)]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cka.json"), "w") as file:
    json.dump({"made": f"generate_cka.py, numpy {numpy.__version__}", "cases": cases}, file)
    file.write("\n")
