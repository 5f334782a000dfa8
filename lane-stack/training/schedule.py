"""What both trainings share: time budget, learning rate, running average of weights, checkpoints."""

import math
import os
import time

import torch


class Clock:
    """Progress 0..1 of a training that is bounded by minutes (all runs together) or by steps (reproducible)."""

    def __init__(self, minutes, steps, spent_s=0.0):
        self.limit_s = minutes * 60.0
        self.steps = steps
        self._before = spent_s
        self._start = time.monotonic()
        self._paused = 0.0
        self._saved = time.monotonic()

    def spent_s(self):
        return self._before + time.monotonic() - self._start - self._paused

    def pause(self, seconds):
        """Evaluation time does not count as training time."""
        self._paused += seconds

    def due(self, every_s=60.0):
        """Whether a checkpoint is due by the clock; asking for it starts the next wait."""
        now = time.monotonic()
        if now - self._saved < every_s:
            return False
        self._saved = now
        return True

    def progress(self, step):
        return min(1.0, step / self.steps if self.steps else self.spent_s() / self.limit_s)


def learning_rate(peak, progress, warmup=0.02):
    if progress < warmup:
        return peak * (0.05 + 0.95 * progress / warmup)
    return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * (progress - warmup) / (1.0 - warmup))))


class Average:
    """Exponential running average of all weights and batch-norm figures: good to export at any moment."""

    def __init__(self, net, state=None):
        self.state = state or {k: v.detach().clone() for k, v in net.state_dict().items()}

    @torch.no_grad()
    def update(self, net, step):
        keep = min(0.998, (1.0 + step) / (20.0 + step))
        for key, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                self.state[key].lerp_(value, 1.0 - keep)
            else:
                self.state[key].copy_(value)


def save(path, payload):
    """Whole or not at all: a killed run leaves the earlier checkpoint."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    torch.save(payload, path + ".part")
    os.replace(path + ".part", path)


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)
