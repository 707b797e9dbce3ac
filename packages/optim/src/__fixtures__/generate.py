"""Writes optimizers.json: three parameters through five updates of each optimiser.

SGD and AdamW are PyTorch's own (float64); LARS is worked out here in plain numpy (float64) from its formula.
Run: /usr/bin/python3 generate.py   (made with Python 3.11, PyTorch 1.13.1, numpy 1.24.2; seed 20240611)
"""
import json
import os
import platform

import numpy
import torch

SEED = 20240611
UPDATES = 5
RATES = [0.0, 0.05, 0.1, 0.08, 0.02]
SHAPES = {"conv.weight": (2, 2, 3, 4), "linear.weight": (4, 3), "norm.weight": (4,), "zero.weight": (3, 2)}

random = numpy.random.default_rng(SEED)
initial = {n: random.normal(size=s) * (0.0 if n == "zero.weight" else 0.5) for n, s in SHAPES.items()}
gradients = [{n: random.normal(size=s) for n, s in SHAPES.items()} for _ in range(UPDATES)]
# One gradient that is zero altogether: without decay, its norm is 0 and the trust ratio must be 1.
gradients[2]["linear.weight"][...] = 0.0


def groups(parameters, weight_decay, exclude):
    flat = [p for p in parameters.values() if p.ndim <= 1 and exclude]
    deep = [p for p in parameters.values() if not (p.ndim <= 1 and exclude)]
    return [{"params": deep, "weight_decay": weight_decay}, {"params": flat, "weight_decay": 0.0}]


def from_torch(make, weight_decay, exclude):
    parameters = {n: torch.tensor(v, requires_grad=True) for n, v in initial.items()}
    optimizer = make([g for g in groups(parameters, weight_decay, exclude) if g["params"]])
    steps = []
    for rate, gradient in zip(RATES, gradients):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for name, parameter in parameters.items():
            parameter.grad = torch.tensor(gradient[name])
        optimizer.step()
        steps.append(flat({n: p.detach().numpy() for n, p in parameters.items()}))
    return steps


def from_lars_formula(momentum, weight_decay, trust, clip, exclude):
    parameters = {n: v.copy() for n, v in initial.items()}
    buffers = {n: numpy.zeros_like(v) for n, v in initial.items()}
    steps = []
    for rate, gradient in zip(RATES, gradients):
        for name, p in parameters.items():
            g = gradient[name]
            if p.ndim > 1 or not exclude:
                g = g + weight_decay * p
                p_norm, g_norm = numpy.linalg.norm(p), numpy.linalg.norm(g)
                if p_norm > 0 and g_norm > 0:
                    ratio = trust * p_norm / g_norm
                    if clip:
                        ratio = min(ratio / rate, 1.0) if rate > 0 else 1.0
                    g = ratio * g
            buffers[name] = momentum * buffers[name] + g
            parameters[name] = p - rate * buffers[name]
        steps.append(flat(parameters))
    return steps


def sgd(options):
    make = lambda g: torch.optim.SGD(g, lr=1.0, momentum=options["momentum"], nesterov=options["nesterov"])
    return from_torch(make, options["weightDecay"], options["excludeOneDimensional"])


def adam_w(options):
    make = lambda g: torch.optim.AdamW(g, lr=1.0, betas=(options["beta1"], options["beta2"]), eps=options["epsilon"])
    return from_torch(make, options["weightDecay"], options["excludeOneDimensional"])


def lars(options):
    return from_lars_formula(
        options["momentum"], options["weightDecay"], options["trustCoefficient"], options["clip"],
        options["excludeOneDimensional"],
    )


def cases():
    for momentum, nesterov, decay, exclude in [(0.9, False, 0.1, True), (0.9, True, 0.1, True), (0.0, False, 0.1, False)]:
        options = dict(momentum=momentum, nesterov=nesterov, weightDecay=decay, excludeOneDimensional=exclude)
        yield "sgd", options, sgd(options)
    for beta1, beta2, epsilon, decay, exclude in [(0.9, 0.999, 1e-8, 0.1, True), (0.5, 0.9, 0.1, 0.3, False)]:
        options = dict(beta1=beta1, beta2=beta2, epsilon=epsilon, weightDecay=decay, excludeOneDimensional=exclude)
        yield "adamW", options, adam_w(options)
    for decay, trust, clip, exclude in [(1e-6, 0.001, False, True), (0.1, 0.02, True, True), (0.1, 0.3, True, True), (0.0, 0.5, False, False)]:
        options = dict(momentum=0.9, weightDecay=decay, trustCoefficient=trust, clip=clip, excludeOneDimensional=exclude)
        yield "lars", options, lars(options)


def flat(tensors):
    return {n: [float(f"{x:.9g}") for x in v.ravel()] for n, v in tensors.items()}


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers.json"), "w") as file:
    json.dump(
        {
            "made": f"generate.py, Python {platform.python_version()}, PyTorch {torch.__version__}, numpy {numpy.__version__}, seed {SEED}",
            "shapes": SHAPES,
            "rates": RATES,
            "initial": flat(initial),
            "gradients": [flat(g) for g in gradients],
            "cases": [{"optimizer": n, "options": o, "steps": s} for n, o, s in cases()],
        },
        file,
    )
    file.write("\n")
