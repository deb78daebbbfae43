"""Wrong ways to stop early, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "early_stopping",
    "You compare with the previous loss. A loss that goes up and comes down a little is still worse than the best one.",
)
def compared_with_the_previous_loss():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.previous, self.waited, self.calls = np.inf, 0, 0

        def step(self, val_loss):
            if val_loss < self.previous - self.min_delta:
                self.waited = 0
            else:
                self.waited += 1
            if val_loss < self.best_loss:
                self.best_loss, self.best_step = val_loss, self.calls
            if not np.isnan(val_loss):
                self.previous = val_loss
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "Your count is never set back: an improvement has to start it again.",
)
def count_never_set_back():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step = val_loss, self.calls
            else:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception("early_stopping", "You stop one call too late: the call that completes patience says True.")
def one_call_too_late():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited > self.patience


@misconception(
    "early_stopping",
    "Your step says True once and then False again, though nothing has improved.",
)
def says_stop_once():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited == self.patience


@misconception(
    "early_stopping",
    "Once stopped, yours says stop for ever, even after an improvement.",
)
def stops_for_ever():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls, self.stopped = 0, 0, False

        def step(self, val_loss):
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            if self.waited >= self.patience:
                self.stopped = True
            return self.stopped


@misconception("early_stopping", "Your best_step counts from 1. The first call has the number 0.")
def steps_from_one():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            self.calls += 1
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "NaN becomes your best loss: a comparison with NaN is always false, so ask whether the loss has improved and not "
    "whether it has failed to.",
)
def nan_becomes_the_best():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss >= self.best_loss - self.min_delta:
                self.waited += 1
            else:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "To your class a best loss of 0 means that there was no loss yet: the next one is an improvement in any case.",
)
def zero_for_nothing_yet():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = 0.0, 0
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if not self.best_loss or val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "A NaN in the first call becomes your best loss, and nothing is ever smaller than NaN.",
)
def nan_at_the_start():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = None, None
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if self.best_loss is None or val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "Your step leaves NaN out: such a call is a call without an improvement, and has a number too.",
)
def nan_left_out():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if np.isnan(val_loss):
                return self.waited >= self.patience
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception("early_stopping", "min_delta is not used: the smallest decrease counts as an improvement.")
def min_delta_not_used():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss < self.best_loss:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "min_delta has the wrong sign: a loss that is a little worse than the best counts as an improvement.",
)
def min_delta_with_the_wrong_sign():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss < self.best_loss + self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "A loss equal to the best one counts as an improvement, so that a plateau never ends the training.",
)
def ties_count_as_improvements():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss <= self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "Your count sits on the class and not on the object, so that two objects count together.",
)
def count_shared_by_all_objects():
    class EarlyStopping:
        waited = [0]

        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.calls = 0
            self.waited[0] = 0

        def step(self, val_loss):
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step = val_loss, self.calls
                self.waited[0] = 0
            else:
                self.waited[0] += 1
            self.calls += 1
            return self.waited[0] >= self.patience


@misconception(
    "early_stopping",
    "Your step returns None where it should say False.",
)
def none_for_false():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            self.calls += 1
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls - 1, 0
            else:
                self.waited += 1
                if self.waited >= self.patience:
                    return True


@misconception(
    "early_stopping",
    "Your best loss starts at a number. A first loss above it is no improvement then: start with infinity.",
)
def best_loss_starts_at_a_number():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = 1000.0, 0
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            else:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "You stop where the loss rises above the best by more than min_delta. min_delta says how much better a loss has to "
    "be; for how long is a matter of patience.",
)
def min_delta_as_a_tolerance_upwards():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            if val_loss < self.best_loss:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls, 0
            elif val_loss > self.best_loss + self.min_delta:
                self.waited += 1
            self.calls += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "Your best_step counts the improvements. It is the number of the call, with all calls counted.",
)
def best_step_counts_improvements():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited = 0

        def step(self, val_loss):
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.waited = val_loss, 0
                self.best_step += 1
            else:
                self.waited += 1
            return self.waited >= self.patience


@misconception(
    "early_stopping",
    "Saying stop sets your count back, so that the next calls say go on. Only an improvement starts the count again.",
)
def count_set_back_by_the_stop():
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best_loss, self.best_step = np.inf, -1
            self.waited, self.calls = 0, 0

        def step(self, val_loss):
            self.calls += 1
            if val_loss < self.best_loss - self.min_delta:
                self.best_loss, self.best_step, self.waited = val_loss, self.calls - 1, 0
            else:
                self.waited += 1
            if self.waited >= self.patience:
                self.waited = 0
                return True
            return False
