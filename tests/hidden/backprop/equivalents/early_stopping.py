"""Right ways to stop early: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("early_stopping")
def best_is_none_at_first():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience = patience
            self.min_delta = min_delta
            self.best_loss = None
            self.best_step = None
            self.counter = 0
            self.t = -1

        def step(self, val_loss):
            self.t += 1
            if np.isnan(val_loss):
                self.counter += 1
            elif self.best_loss is None or self.best_loss - val_loss > self.min_delta:
                self.best_loss = val_loss
                self.best_step = self.t
                self.counter = 0
            else:
                self.counter += 1
            if self.counter >= self.patience:
                return True
            return False


@equivalent("early_stopping")
def distance_to_the_best_step():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = float("inf"), -1
            self.num_calls = 0

        def step(self, val_loss):
            if val_loss + self.min_delta < self.best_loss:
                self.best_loss, self.best_step = val_loss, self.num_calls
            stop = self.num_calls - self.best_step >= self.patience
            self.num_calls += 1
            return stop


@equivalent("early_stopping")
def whole_history():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience = patience
            self.min_delta = min_delta
            self.history = []

        def _scan(self):
            best, best_step, waited = float("inf"), None, 0
            for i, loss in enumerate(self.history):
                if best - loss > self.min_delta:
                    best, best_step, waited = loss, i, 0
                else:
                    waited += 1
            return best, best_step, waited

        @property
        def best_loss(self):
            return self._scan()[0]

        @property
        def best_step(self):
            return self._scan()[1]

        def step(self, val_loss):
            self.history.append(val_loss)
            return self._scan()[2] >= self.patience


@equivalent("early_stopping")
def numpy_values():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience = patience
            self.threshold = np.float64(min_delta)
            self.best_loss = np.array(np.inf)
            self.best_step = np.int64(-1)
            self.bad = np.int64(0)
            self.calls = np.int64(0)

        def step(self, val_loss):
            improved = np.less(val_loss, self.best_loss - self.threshold)
            self.best_loss = np.where(improved, val_loss, self.best_loss)
            self.best_step = np.where(improved, self.calls, self.best_step)
            self.bad = np.where(improved, 0, self.bad + 1)
            self.calls = self.calls + 1
            return np.bool_(self.bad >= self.patience)


@equivalent("early_stopping")
def lowest_loss_kept_beside_the_reference():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience = patience
            self.min_delta = min_delta
            self.best_loss = np.inf
            self.best_step = 0
            self.reference = np.inf
            self.wait = 0
            self.step_number = 0

        def step(self, val_loss):
            improved = val_loss < self.reference - self.min_delta
            if val_loss < self.best_loss:
                self.best_loss = val_loss
                self.best_step = self.step_number
            if improved:
                self.reference = val_loss
            self.wait = 0 if improved else self.wait + 1
            self.step_number += 1
            return bool(self.wait >= self.patience)


@equivalent("early_stopping")
def dataclass_with_countdown():
    from dataclasses import dataclass, field

    @dataclass
    class EarlyStopping:
        patience: int
        min_delta: float = 0.0
        best_loss: float = field(default=float("inf"), init=False)
        best_step: int = field(default=-1, init=False)
        left: int = field(default=0, init=False)
        seen: int = field(default=0, init=False)

        def __post_init__(self):
            self.left = self.patience

        def step(self, val_loss):
            now, self.seen = self.seen, self.seen + 1
            if self.best_loss - val_loss > self.min_delta:
                self.best_loss, self.best_step, self.left = val_loss, now, self.patience
            else:
                self.left -= 1
            return self.left <= 0


@equivalent("early_stopping")
def improvement_on_the_lowest_loss():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience = patience
            self.min_delta = min_delta
            self.losses = []
            self.counter = 0
            self.best_loss = float("inf")
            self.best_step = -1

        def step(self, val_loss):
            self.losses.append(val_loss)
            if val_loss < self.best_loss - self.min_delta:
                self.counter = 0
            else:
                self.counter += 1
            if val_loss < self.best_loss:
                self.best_loss = val_loss
                self.best_step = len(self.losses) - 1
            return self.counter >= self.patience


@equivalent("early_stopping")
def flag_that_is_taken_back():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = float("inf"), 0
            self.epoch, self.num_bad, self.should_stop = 0, 0, False

        def step(self, val_loss):
            if val_loss == val_loss and self.best_loss - val_loss > self.min_delta:
                self.best_loss, self.best_step = float(val_loss), self.epoch
                self.num_bad, self.should_stop = 0, False
            else:
                self.num_bad += 1
                if self.num_bad >= self.patience:
                    self.should_stop = True
            self.epoch += 1
            return self.should_stop
