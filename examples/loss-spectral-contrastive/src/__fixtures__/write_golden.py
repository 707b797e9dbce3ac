"""Writes golden.json: random embeddings, and what the spectral contrastive loss and PyTorch's autograd make of them.

Usage: python write_golden.py > golden.json

The loss is written as the sum over pairs that algorithm 1 of HaoChen, Wei, Gaidon, Ma (2021, arXiv 2106.04156) states, in
float64. As in the authors' code, embeddings are first put into the ball of radius sqrt(mu), and all is divided by mu. Needs
PyTorch (made with 1.13).
"""

import json

import torch


def into_ball(z, mu):
    norm = z.norm(dim=1, keepdim=True)
    return torch.where(norm < mu**0.5, z, z / norm * mu**0.5)


def spectral_contrastive(z1, z2, mu):
    z1, z2 = into_ball(z1, mu), into_ball(z2, mu)
    n = len(z1)
    attraction = sum(-2 * z1[i].dot(z2[i]) for i in range(n)) / n
    repulsion = sum(z1[i].dot(z2[j]) ** 2 for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return attraction / mu, repulsion / mu


cases = []
for name, seed, batch, dim, mu, spread in [
    ("all beyond the ball", 1, 6, 4, 1.0, 3.0),
    ("all within the ball", 2, 5, 3, 10.0, 0.8),
    ("some of either", 3, 7, 4, 4.0, 1.0),
    ("a batch of two", 4, 2, 5, 1.0, 0.5),
]:
    torch.manual_seed(seed)
    views = [(spread * torch.randn(batch, dim)).float() for _ in range(2)]
    inputs = [view.double().requires_grad_() for view in views]
    terms = spectral_contrastive(*inputs, mu)
    total = sum(terms)
    gradients = torch.autograd.grad(total, inputs)
    cases.append(
        {
            "name": name,
            "options": {"mu": mu},
            "embeddings": [view.tolist() for view in views],
            "terms": {"attraction": terms[0].item(), "repulsion": terms[1].item()},
            "total": total.item(),
            "gradients": [gradient.tolist() for gradient in gradients],
        }
    )
print(json.dumps(cases))
