"""What both trainings share: arguments, time budget, learning rate, running average of weights, checkpoints, the loop."""

import math
import os
import sys
import time

import numpy as np
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


def arithmetic():
    """bfloat16 where the processor computes in it, else 32-bit floats: emulated, bfloat16 is several times slower."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=torch.ops.mkldnn._is_mkldnn_bf16_supported())


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


def plain(value):
    """The same without numpy's numbers: a checkpoint is read back with tensors and Python's own values alone."""
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(inner) for inner in value)
    return value.item() if isinstance(value, np.generic) else value


def save(path, payload):
    """Whole or not at all: a killed run leaves the earlier checkpoint."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    torch.save(plain(payload), path + ".part")
    os.replace(path + ".part", path)


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)


def add_arguments(parser, batch, peak_rate):
    """The options of every training."""
    parser.add_argument("--out", required=True, help="folder of checkpoints; a run continues what it finds there")
    parser.add_argument("--minutes", type=float, default=20.0, help="training time of all runs together")
    parser.add_argument("--steps", type=int, default=0, help="bound by steps instead: reproducible")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--peak-rate", type=float, default=peak_rate)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--evaluate-every", type=float, default=4.0, help="minutes")


class Training:
    """A resumable training of one net with AdamW.

    `extra` are parameters that the loss needs and the finished net does not. `last.pt` continues a run; `best.pt` holds
    the averaged weights of the best look so far, and of the last look once the training has ended.
    """

    def __init__(self, kind, net, args, weight_decay, extra=()):
        self.kind, self.net, self.args, self.extra = kind, net, args, list(extra)
        decayed = [q for q in net.parameters() if q.dim() > 1]
        plain = [q for q in net.parameters() if q.dim() <= 1] + self.extra
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]
        )
        self.step, self.best, spent, self.average = 0, -math.inf, 0.0, None
        if os.path.exists(self._path("last.pt")):
            spent = self._restore(load(self._path("last.pt")))
        self.average = self.average or Average(net)
        self.clock = Clock(args.minutes, args.steps, spent)

    def _path(self, name):
        return os.path.join(self.args.out, name)

    def _restore(self, saved):
        shapes = [tuple(q.shape) for q in self.extra]
        if [tuple(q.shape) for q in saved["extra"]] != shapes:
            sys.exit(f"error: {self._path('last.pt')} was trained on other data: give another --out or the same data")
        self.net.load_state_dict(saved["net"])
        for mine, kept in zip(self.extra, saved["extra"]):
            mine.data.copy_(kept)
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step, self.best = saved["step"], saved["best"]
        self.average = Average(self.net, saved["average"])
        print(f"continuing at step {self.step}, {saved['spent_s'] / 60:.1f} min done, best merit {self.best:.3f}", flush=True)
        return saved["spent_s"]

    def _save_last(self):
        save(self._path("last.pt"), {
            "net": self.net.state_dict(), "extra": [q.detach() for q in self.extra],
            "optimiser": self.optimiser.state_dict(), "average": self.average.state, "step": self.step,
            "best": self.best, "spent_s": self.clock.spent_s(),
        })

    def _look(self, judge, facts, final):
        began = time.monotonic()
        merit, figures = judge(self.average.state, final)
        # A NumPy number could not be read back by a loader that reads weights alone.
        merit = float(merit)
        if final or merit >= self.best:
            self.best = merit
            save(self._path("best.pt"), {
                "kind": self.kind, "config": self.net.config, "state": self.average.state, "step": self.step,
                "minutes": self.clock.spent_s() / 60.0, "batch": self.args.batch, "seed": self.args.seed,
                "figures": figures, "final": final, **facts,
            })
        self._save_last()
        self.clock.pause(time.monotonic() - began)

    def run(self, loss_of, judge, facts):
        """Trains to the end. `loss_of(step, progress)` gives the loss of one batch and a line about it;
        `judge(averaged weights, final)` gives a merit (more is better) and figures; `facts` go into `best.pt`."""
        next_look = self.clock.spent_s() + self.args.evaluate_every * 60.0
        shown, shown_step = time.monotonic(), self.step
        while (progress := self.clock.progress(self.step)) < 1.0:
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(self.args.peak_rate, progress)
            self.net.train()
            loss, line = loss_of(self.step, progress)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
            self.optimiser.step()
            self.step += 1
            self.average.update(self.net, self.step)
            if self.step % 25 == 0:
                now = time.monotonic()
                speed = (self.step - shown_step) * self.args.batch / (now - shown)
                shown, shown_step = now, self.step
                print(f"step {self.step} {progress:5.1%} {line} | {speed:.0f} samples/s", flush=True)
            if self.clock.due():
                self._save_last()
            if self.clock.spent_s() >= next_look:
                self._look(judge, facts, final=False)
                next_look = self.clock.spent_s() + self.args.evaluate_every * 60.0
        self._look(judge, facts, final=True)
