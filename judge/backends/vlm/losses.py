"""The losses of training."""

import torch
from torch.nn import functional

from .training_targets import LEFT_OUT


def text_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of the answer's tokens.

    Args:
        logits: samples x tokens x vocabulary, each for the token at its place.
        labels: samples x tokens, `LEFT_OUT` where nothing is learned.
    """
    return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=LEFT_OUT)


def spread_loss(logits: torch.Tensor, levels: torch.Tensor, spreads: torch.Tensor) -> torch.Tensor:
    """Return the divergence between predicted and rated level distributions.

    The Kullback-Leibler divergence over the whole vocabulary, in which everything but the levels has the chance 0
    (DeQA-Score, arXiv 2501.11561); the mean over the places.

    Args:
        logits: samples x tokens x vocabulary, each for the token at its place.
        levels: samples x tokens x levels, the tokens of the levels.
        spreads: samples x tokens x levels, their chances; all 0 where no level stands.
    """
    has_level = spreads.sum(-1) > 0
    if not has_level.any():
        return logits.sum() * 0.0
    log_probabilities = functional.log_softmax(logits[has_level], dim=-1).gather(-1, levels[has_level])
    target = spreads[has_level]
    return (torch.xlogy(target, target) - target * log_probabilities).sum(-1).mean()


def soft_loss(
    logits: torch.Tensor, labels: torch.Tensor, levels: torch.Tensor, spreads: torch.Tensor, text_weight: float
) -> torch.Tensor:
    """Return the spread loss with a share of the text loss.

    The text loss keeps the line in its form.
    """
    return spread_loss(logits, levels, spreads) + text_weight * text_loss(logits, labels)
