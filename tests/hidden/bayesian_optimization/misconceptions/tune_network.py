"""Wrong solutions of ``tune_network``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

from autograder.suite import misconception


@misconception(
    "tune_network",
    'You draw parameters of scale "log" uniformly between low and high. Then nearly all trials are in the largest '
    "decade.",
)
def log_scale_left_aside():
    def tune_network(objective, space, n_trials, seed):
        import random

        rng = random.Random(seed)
        history = []
        for _ in range(n_trials):
            config = {}
            for name, spec in space.items():
                config[name] = rng.randint(spec[1], spec[2]) if spec[0] == "int" else rng.uniform(spec[1], spec[2])
            history.append((config, objective(config)))
        return max(history, key=lambda trial: trial[1])[0], history


@misconception(
    "tune_network",
    "Your integer parameters reach the objective as floats. A layer of 3.0 units is none: round, and convert to int.",
)
def integers_as_floats():
    def tune_network(objective, space, n_trials, seed):
        import random

        rng = random.Random(seed)
        history = []
        for _ in range(n_trials):
            config = {}
            for name, spec in space.items():
                if spec[0] == "int":
                    config[name] = float(rng.randint(spec[1], spec[2]))
                elif spec[3] == "log":
                    config[name] = min(
                        max(10 ** rng.uniform(math.log10(spec[1]), math.log10(spec[2])), spec[1]), spec[2]
                    )
                else:
                    config[name] = rng.uniform(spec[1], spec[2])
            history.append((config, objective(config)))
        return max(history, key=lambda trial: trial[1])[0], history


@misconception(
    "tune_network",
    "Your integer parameters never reach their upper end: range and randint of NumPy leave it out, and int() cuts off. "
    "It belongs to the space.",
)
def upper_end_left_out():
    def tune_network(objective, space, n_trials, seed):
        import random

        rng = random.Random(seed)
        history = []
        for _ in range(n_trials):
            config = {}
            for name, spec in space.items():
                if spec[0] == "int":
                    config[name] = rng.randrange(spec[1], spec[2])
                elif spec[3] == "log":
                    config[name] = min(
                        max(10 ** rng.uniform(math.log10(spec[1]), math.log10(spec[2])), spec[1]), spec[2]
                    )
                else:
                    config[name] = rng.uniform(spec[1], spec[2])
            history.append((config, objective(config)))
        return max(history, key=lambda trial: trial[1])[0], history


@misconception(
    "tune_network",
    "You return the configuration of the last trial. best_config is that of the largest value.",
)
def the_last_for_the_best():
    def tune_network(objective, space, n_trials, seed):
        import random

        rng = random.Random(seed)
        history = []
        for _ in range(n_trials):
            config = {}
            for name, spec in space.items():
                if spec[0] == "int":
                    config[name] = rng.randint(spec[1], spec[2])
                elif spec[3] == "log":
                    config[name] = min(
                        max(10 ** rng.uniform(math.log10(spec[1]), math.log10(spec[2])), spec[1]), spec[2]
                    )
                else:
                    config[name] = rng.uniform(spec[1], spec[2])
            history.append((config, objective(config)))
        return history[-1][0], history


@misconception(
    "tune_network",
    "You return the configuration with the smallest value, as if the objective were a loss. Here it is maximized.",
)
def the_smallest_for_the_best():
    def tune_network(objective, space, n_trials, seed):
        import random

        rng = random.Random(seed)
        history = []
        for _ in range(n_trials):
            config = {}
            for name, spec in space.items():
                if spec[0] == "int":
                    config[name] = rng.randint(spec[1], spec[2])
                elif spec[3] == "log":
                    config[name] = min(
                        max(10 ** rng.uniform(math.log10(spec[1]), math.log10(spec[2])), spec[1]), spec[2]
                    )
                else:
                    config[name] = rng.uniform(spec[1], spec[2])
            history.append((config, objective(config)))
        return min(history, key=lambda trial: trial[1])[0], history


@misconception(
    "tune_network",
    "You evaluate the best configuration once more at the end: that is one trial more than n_trials.",
)
def one_trial_too_many():
    def tune_network(objective, space, n_trials, seed):
        import random

        rng = random.Random(seed)
        history = []
        for _ in range(n_trials):
            config = {}
            for name, spec in space.items():
                if spec[0] == "int":
                    config[name] = rng.randint(spec[1], spec[2])
                elif spec[3] == "log":
                    config[name] = min(
                        max(10 ** rng.uniform(math.log10(spec[1]), math.log10(spec[2])), spec[1]), spec[2]
                    )
                else:
                    config[name] = rng.uniform(spec[1], spec[2])
            history.append((config, objective(config)))
        best = max(history, key=lambda trial: trial[1])[0]
        objective(best)
        return best, history


@misconception(
    "tune_network",
    "Your random numbers do not follow the seed: the same call gives other trials each time.",
)
def seed_left_aside():
    def tune_network(objective, space, n_trials, seed):
        import random

        history = []
        for _ in range(n_trials):
            config = {}
            for name, spec in space.items():
                if spec[0] == "int":
                    config[name] = random.randint(spec[1], spec[2])
                elif spec[3] == "log":
                    value = 10 ** random.uniform(math.log10(spec[1]), math.log10(spec[2]))
                    config[name] = min(max(value, spec[1]), spec[2])
                else:
                    config[name] = random.uniform(spec[1], spec[2])
            history.append((config, objective(config)))
        return max(history, key=lambda trial: trial[1])[0], history
