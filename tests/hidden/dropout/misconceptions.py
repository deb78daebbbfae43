"""Wrong solutions of the assignment ``dropout``, each with the sentence that helps the student who made the mistake.

The body of each factory is the text of a solution cell. Masks follow the reference's layout, a tensor of 0 and
1/(1 - p), except in cells that bring both directions.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from autograder.suite import misconception

# --- dropout_forward --------------------------------------------------------------------------------------------------


@misconception(
    "dropout_forward",
    "You keep each value with probability p. Here p is the probability of DROPPING a value; the factor 1/(1 - "
    "p) already says so.",
)
def keep_and_drop_swapped():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        if p == 1:
            return torch.zeros_like(x), torch.zeros_like(x)
        mask = (torch.rand_like(x) < p).to(x.dtype) / (1 - p)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You take p for the probability of keeping a value, in the mask and in the factor 1/p, as some courses "
    "do. Here p is the probability of dropping it.",
)
def p_is_the_keep_probability():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        if p == 0:
            return x.clone(), torch.ones_like(x)
        if p == 1:
            return torch.zeros_like(x), torch.zeros_like(x)
        mask = (torch.rand_like(x) < p).to(x.dtype) / p
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You compare normally distributed numbers (randn) with p. A probability needs numbers that are uniform "
    "between 0 and 1.",
)
def randn_for_rand():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        if p == 0:
            return x.clone(), torch.ones_like(x)
        if p == 1:
            return torch.zeros_like(x), torch.zeros_like(x)
        mask = (torch.randn_like(x) > p).to(x.dtype) / (1 - p)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You scale the kept values by 1/p. Ask what factor makes the expectation of the output equal to x: how "
    "often is a value kept?",
)
def scaled_by_the_drop_probability():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        if p == 0:
            return x.clone(), torch.ones_like(x)
        mask = (torch.rand_like(x) >= p).to(x.dtype) / p
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You drop values, but do not scale the kept ones. Inverted dropout makes up for what was dropped at once, "
    "in training.",
)
def not_scaled():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        mask = (torch.rand_like(x) >= p).to(x.dtype)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You multiply the kept values by 1 - p, which makes the output smaller still. Inverted dropout goes the "
    "other way: it makes up for what was dropped.",
)
def multiplied_by_the_keep_probability():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        mask = (torch.rand_like(x) >= p).to(x.dtype) * (1 - p)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You set a seed inside the function, so every call draws the same mask. Leave the seed to whoever calls it.",
)
def seed_fixed_inside():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        torch.manual_seed(0)
        mask = (torch.rand_like(x) >= p).to(x.dtype) / (1 - p) if p < 1 else torch.zeros_like(x)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You draw one mask for a shape and use it again at the next call. Each call needs a mask of its own.",
)
def mask_drawn_once():
    masks = {}

    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        key = (x.shape, x.dtype, p)
        if key not in masks:
            masks[key] = (torch.rand_like(x) >= p).to(x.dtype) / (1 - p) if p < 1 else torch.zeros_like(x)
        return x * masks[key], masks[key]


@misconception(
    "dropout_forward",
    "You draw a mask for one row, and broadcasting uses it for all of them. Every value needs a draw of its own.",
)
def one_row_for_all():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        row = torch.rand(x.shape[1:] if x.ndim > 1 else x.shape, device=x.device)
        mask = (row >= p).to(x.dtype) / (1 - p) if p < 1 else torch.zeros_like(row, dtype=x.dtype)
        mask = mask.expand(x.shape)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You draw one number for each row, so a sample is dropped as a whole or not at all. Every value needs a "
    "draw of its own.",
)
def whole_rows_dropped():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)
        keep = (torch.rand(shape, device=x.device) >= p).to(x.dtype)
        mask = keep.expand(x.shape) * (1 / (1 - p) if p < 1 else 0.0)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You drop whole channels of images. That is another method (spatial dropout); here every value is dropped "
    "on its own.",
)
def whole_channels_dropped():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        shape = x.shape[:2] + (1,) * (x.ndim - 2)
        mask = (torch.rand(shape, device=x.device) >= p).to(x.dtype) * (1 / (1 - p) if p < 1 else 0.0)
        mask = mask.expand(x.shape)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You drop exactly a share p of the values. Dropout tosses a coin for each value, so the number of dropped "
    "ones is random too.",
)
def exact_number_dropped():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        if p == 1:
            return torch.zeros_like(x), torch.zeros_like(x)
        mask = torch.ones(x.numel(), dtype=x.dtype, device=x.device)
        mask[torch.randperm(x.numel(), device=x.device)[: round(p * x.numel())]] = 0
        mask = mask.reshape(x.shape) / (1 - p)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "Your mask uses a drop probability of 0.5, whatever p is.",
)
def always_one_half():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        if p in (0, 1):
            return x * (1 - p), torch.full_like(x, 1 - p)
        mask = (torch.rand_like(x) > 0.5).to(x.dtype) / (1 - p)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "At p = 1 you divide by 1 - p = 0, and 0/0 is NaN. Nothing is kept there, so no factor is needed.",
)
def nan_at_one():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        mask = (torch.rand_like(x) >= p).to(x.dtype) / (1 - p)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "A drop probability outside [0, 1] goes through unnoticed. It must raise ValueError.",
)
def any_probability_accepted():
    def dropout_forward(x, p):
        if p == 1:
            return torch.zeros_like(x), torch.zeros_like(x)
        mask = (torch.rand_like(x) >= p).to(x.dtype) / (1 - p)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You refuse p = 1 (or p = 0). Both ends belong to the allowed range.",
)
def ends_of_the_range_refused():
    def dropout_forward(x, p):
        if p <= 0 or p >= 1:
            raise ValueError("p must be in (0, 1)")
        mask = (torch.rand_like(x) >= p).to(x.dtype) / (1 - p)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "You multiply x in place, so the caller's tensor is changed. Make a new tensor for the output.",
)
def changes_x():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        mask = (torch.rand_like(x) >= p).to(x.dtype) / (1 - p) if p < 1 else torch.zeros_like(x)
        x *= mask
        return x, mask


@misconception(
    "dropout_forward",
    "You draw from NumPy's generator. Draw with torch: torch.manual_seed must decide the mask, and the mask "
    "must be made on x's device.",
)
def drawn_with_numpy():
    import numpy as np

    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        keep = torch.from_numpy(np.random.rand(*x.shape) >= p).to(x)
        mask = keep / (1 - p) if p < 1 else torch.zeros_like(x)
        return x * mask, mask


@misconception(
    "dropout_forward",
    "Your output does not keep x's dtype: a float64 mask turns a float32 x into float64.",
)
def float64_mask():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError("p must be in [0, 1]")
        keep = (torch.rand(x.shape, dtype=torch.float64, device=x.device) >= p).double()
        mask = keep / (1 - p) if p < 1 else torch.zeros_like(keep)
        return x * mask, mask


# --- dropout_backward -------------------------------------------------------------------------------------------------


@misconception(
    "dropout_backward",
    "You pass dout on as it came. The gradient has to go through the mask: a dropped value did not influence the loss.",
)
def without_the_mask():
    def dropout_backward(dout, mask):
        return dout


@misconception(
    "dropout_backward",
    "Your gradient is zero in the right places, but lacks the factor with which the forward pass multiplied "
    "the kept values.",
)
def without_the_scale():
    def dropout_backward(dout, mask):
        return dout * (mask != 0)


@misconception(
    "dropout_backward",
    "You scale the gradient by 1/(1 - p) everywhere and do not apply the mask: dropped values get a gradient too.",
)
def scaled_without_the_mask():
    def dropout_backward(dout, mask):
        return dout * mask.max()


@misconception(
    "dropout_backward",
    "You apply the factor 1/(1 - p) twice: it is in the mask already.",
)
def scaled_twice():
    def dropout_backward(dout, mask):
        return dout * mask * mask.max()


@misconception(
    "dropout_backward",
    "You draw a new mask. The gradient belongs to the values that the forward pass kept, so it needs that pass's mask.",
)
def new_mask_drawn():
    def dropout_backward(dout, mask):
        keep = (mask != 0).to(dout.dtype).mean()
        return dout * (torch.rand_like(dout) < keep) * mask.max()


@misconception(
    "dropout_backward",
    "You let the gradient through where the value was dropped, and stop it where it was kept.",
)
def mask_inverted():
    def dropout_backward(dout, mask):
        return dout * (mask == 0) * mask.max()


@misconception(
    "dropout_backward",
    "You divide by the mask. The forward pass multiplies x by it, so the derivative of out with respect to x "
    "is the mask itself.",
)
def divided_by_the_mask():
    def dropout_backward(dout, mask):
        return torch.where(mask != 0, dout / mask, torch.zeros_like(dout))


@misconception(
    "dropout_backward",
    "You return the mask. By the chain rule it still has to be multiplied by dout.",
)
def dout_forgotten():
    def dropout_backward(dout, mask):
        return mask.clone()


@misconception(
    "dropout_backward",
    "You estimate the factor from how many values the mask kept. It is exactly 1/(1 - p), as in the forward pass.",
)
def scale_estimated_from_the_mask():
    def dropout_backward(dout, mask):
        kept = (mask != 0).to(dout.dtype)
        return dout * kept / kept.mean() if kept.any() else torch.zeros_like(dout)


@misconception(
    "dropout_backward",
    "You multiply dout in place, so the caller's tensor is changed. Make a new tensor for dx.",
)
def changes_dout():
    def dropout_backward(dout, mask):
        dout *= mask
        return dout


@misconception(
    "dropout_backward",
    "You work on the mask in place, so a second gradient through the same mask is wrong.",
)
def changes_the_mask():
    def dropout_backward(dout, mask):
        mask *= dout
        return mask.clone()


@misconception(
    "dropout_backward",
    "Your gradient uses the mask of the latest forward pass. Several passes come before the first gradient: "
    "use the mask that is handed in.",
)
def latest_mask_remembered():
    def dropout_forward(x, p):
        global latest_mask
        if not 0 <= p <= 1:
            raise ValueError("p must be in [0, 1]")
        latest_mask = (torch.rand_like(x) >= p).to(x.dtype) / (1 - p) if p < 1 else torch.zeros_like(x)
        return x * latest_mask, latest_mask

    def dropout_backward(dout, mask):
        return dout * latest_mask


@misconception(
    "dropout_backward",
    "At p = 1 your gradient is NaN: the factor 1/(1 - p) is computed there although no value was kept.",
)
def nan_at_one_backward():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must be in [0, 1]")
        kept = (torch.rand_like(x) >= p).to(x.dtype)
        out = x * kept / (1 - p) if p < 1 else torch.zeros_like(x)
        return out, (kept, p)

    def dropout_backward(dout, mask):
        kept, p = mask
        return dout * (kept / (1 - p))


# --- dropout_module ---------------------------------------------------------------------------------------------------


@misconception(
    "dropout_module",
    "Your layer drops values in eval mode too. It has to look at self.training, a boolean (self.train is a "
    "method, and always true).",
)
def active_in_eval_mode():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            if self.train:
                return dropout_forward(x, self.p)[0]
            return x


@misconception(
    "dropout_module",
    "Your layer drops values in eval mode and leaves them alone in train mode: it is the other way round.",
)
def modes_swapped():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            return x if self.training else dropout_forward(x, self.p)[0]


@misconception(
    "dropout_module",
    "You scale by 1 - p in eval mode instead of 1/(1 - p) in train mode. Inverted dropout leaves eval mode alone.",
)
def scaled_in_eval_mode():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            if self.training:
                return x * (torch.rand_like(x) >= self.p)
            return x * (1 - self.p)


@misconception(
    "dropout_module",
    "You drop values in train mode, but do not scale the kept ones by 1/(1 - p).",
)
def module_not_scaled():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            return x * (torch.rand_like(x) >= self.p) if self.training else x


@misconception(
    "dropout_module",
    "Your layer keeps each value with probability p. Here p is the probability of dropping it.",
)
def module_p_is_the_keep_probability():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            if not self.training:
                return x
            return dropout_forward(x, 1 - self.p)[0]


@misconception(
    "dropout_module",
    "Your layer draws its mask once and keeps it. Each forward pass needs a new one.",
)
def module_mask_drawn_once():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p
            self.mask = None

        def forward(self, x):
            if not self.training:
                return x
            if self.mask is None or self.mask.shape != x.shape:
                self.mask = dropout_forward(torch.ones_like(x), self.p)[0].detach()
            return x * self.mask


@misconception(
    "dropout_module",
    "Your layer draws a mask for one row, and broadcasting uses it for the whole batch.",
)
def module_one_row_for_all():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            if not self.training:
                return x
            mask, _ = dropout_forward(torch.ones_like(x[:1]), self.p)
            return x * mask


@misconception(
    "dropout_module",
    "Your layer cuts the graph (no_grad, detach or .data), so no gradient reaches the layers before it.",
)
def gradient_cut():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            if not self.training:
                return x
            return dropout_forward(x.detach(), self.p)[0]


@misconception(
    "dropout_module",
    "Your layer ignores the p that it was given.",
)
def module_ignores_p():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = 0.5

        def forward(self, x):
            return dropout_forward(x, self.p)[0] if self.training else x


@misconception(
    "dropout_module",
    "The default of p is 0.5.",
)
def another_default():
    class Dropout(nn.Module):
        def __init__(self, p=0.1):
            super().__init__()
            self.p = p

        def forward(self, x):
            return dropout_forward(x, self.p)[0] if self.training else x


@misconception(
    "dropout_module",
    "Your class is no nn.Module, so it cannot be a layer of nn.Sequential.",
)
def no_module():
    class Dropout:
        def __init__(self, p=0.5):
            self.p = p
            self.training = True

        def train(self):
            self.training = True

        def eval(self):
            self.training = False

        def __call__(self, x):
            return dropout_forward(x, self.p)[0] if self.training else x


@misconception(
    "dropout_module",
    "Your layer returns the mask along with the output. The next layer expects one tensor.",
)
def returns_the_mask_too():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            return dropout_forward(x, self.p) if self.training else x


@misconception(
    "dropout_module",
    "Your layer changes its input in place.",
)
def module_changes_its_input():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            if not self.training:
                return x
            _, mask = dropout_forward(torch.ones_like(x), self.p)
            return x.mul_(mask)


# --- mc_dropout -------------------------------------------------------------------------------------------------------


@misconception(
    "mc_dropout",
    "You put the whole model into train mode. Then batch norm normalizes by the batch at hand and moves its "
    "running statistics; only Dropout may sample.",
)
def whole_model_in_train_mode():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "You predict with the whole model in eval mode, where dropout does nothing: every pass gives the same.",
)
def everything_in_eval_mode():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "You do not set the modes of the modules: whether dropout samples depends on the mode in which the model "
    "happened to be.",
)
def modes_left_as_they_are():
    def mc_dropout_predict(model, x, n_samples):
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "You leave the modes as you set them for the prediction: everything in eval mode, dropout in train mode.",
)
def modes_not_restored():
    def mc_dropout_predict(model, x, n_samples):
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "Afterwards you always put the model into eval mode. It may have been in train mode before.",
)
def eval_mode_afterwards():
    def mc_dropout_predict(model, x, n_samples):
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        model.eval()
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "Afterwards you always put the model into train mode. It may have been in eval mode before.",
)
def train_mode_afterwards():
    def mc_dropout_predict(model, x, n_samples):
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        model.train()
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "You restore the mode of the model as a whole. Parts of it may have been in another mode (a frozen batch "
    "norm, say): each module needs its own previous mode.",
)
def one_mode_for_the_whole_model():
    def mc_dropout_predict(model, x, n_samples):
        was_training = model.training
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        model.train(was_training)
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "Your standard deviation is the biased one: the sum of squares is divided by n_samples, and should be by "
    "n_samples - 1.",
)
def biased_std():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0, unbiased=False)


@misconception(
    "mc_dropout",
    "You return the variance in place of the standard deviation.",
)
def variance_for_std():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.var(dim=0)


@misconception(
    "mc_dropout",
    "You divide the standard deviation by the root of n_samples: that is the standard error of the mean. "
    "Asked for is the spread of the predictions themselves.",
)
def standard_error_for_std():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0) / n_samples**0.5


@misconception(
    "mc_dropout",
    "You average over the rows of x. Mean and std are taken over the passes, separately for each row.",
)
def averaged_over_the_rows():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=1), samples.std(dim=1)


@misconception(
    "mc_dropout",
    "Your predictions carry a gradient. Sample without recording one (torch.no_grad), or every pass is kept in memory.",
)
def gradient_recorded():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "All your passes are the same: the model runs once, or with the same seed each time. Each of the "
    "n_samples passes needs masks of its own.",
)
def one_pass_repeated():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            out = model(x)
            samples = torch.stack([out] * n_samples)
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "Only the Dropout layers at the top of the model sample. Those inside of other modules have to as well.",
)
def only_direct_children():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.children():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0)


@misconception(
    "mc_dropout",
    "You make one pass too few for the number by which you divide, or start from a pass that is not a sample.",
)
def first_sample_is_zero():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            samples = [torch.zeros_like(model(x))]
            for _ in range(n_samples - 1):
                samples.append(model(x))
            samples = torch.stack(samples)
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0)


# --- dropconnect ------------------------------------------------------------------------------------------------------


@misconception(
    "dropconnect",
    "You drop entries of x: that is dropout. DropConnect drops entries of the weight matrix.",
)
def drops_activations():
    def dropconnect_linear(x, weight, bias, p):
        dropped, _ = dropout_forward(x, p)
        return F.linear(dropped, weight, bias)


@misconception(
    "dropconnect",
    "You drop entries of the output. DropConnect drops single weights before the product.",
)
def drops_outputs():
    def dropconnect_linear(x, weight, bias, p):
        return dropout_forward(F.linear(x, weight), p)[0] + bias


@misconception(
    "dropconnect",
    "You drop weights, but do not scale the kept ones by 1/(1 - p).",
)
def weights_not_scaled():
    def dropconnect_linear(x, weight, bias, p):
        if not 0 <= p <= 1:
            raise ValueError("p must be in [0, 1]")
        mask = (torch.rand_like(weight) >= p).to(weight.dtype)
        return x @ (weight * mask).T + bias


@misconception(
    "dropconnect",
    "You draw a mask for each row of x. One call has one mask, shared by all rows.",
)
def mask_for_each_row():
    def dropconnect_linear(x, weight, bias, p):
        rows = [F.linear(row, dropout_forward(weight, p)[0], bias) for row in x]
        return torch.stack(rows)


@misconception(
    "dropconnect",
    "You drop entries of the bias too. Only weights are dropped.",
)
def bias_dropped():
    def dropconnect_linear(x, weight, bias, p):
        return F.linear(x, dropout_forward(weight, p)[0], dropout_forward(bias, p)[0])


@misconception(
    "dropconnect",
    "You scale the whole output by 1/(1 - p), and the bias with it. The bias is not dropped, so it must not be scaled.",
)
def bias_scaled():
    def dropconnect_linear(x, weight, bias, p):
        if not 0 <= p <= 1:
            raise ValueError("p must be in [0, 1]")
        if p == 1:
            return bias.expand(len(x), -1).clone()
        mask = (torch.rand_like(weight) >= p).to(weight.dtype)
        return F.linear(x, weight * mask, bias) / (1 - p)


@misconception(
    "dropconnect",
    "The bias is missing.",
)
def bias_missing():
    def dropconnect_linear(x, weight, bias, p):
        return F.linear(x, dropout_forward(weight, p)[0])


@misconception(
    "dropconnect",
    "You keep each weight with probability p. Here p is the probability of dropping it.",
)
def weights_keep_and_drop_swapped():
    def dropconnect_linear(x, weight, bias, p):
        if not 0 <= p <= 1:
            raise ValueError("p must be in [0, 1]")
        mask = (torch.rand_like(weight) < p).to(weight.dtype) / (1 - p) if p < 1 else torch.zeros_like(weight)
        return F.linear(x, weight * mask, bias)


@misconception(
    "dropconnect",
    "You draw one number for each input and drop a whole column of the weight matrix, which is dropout of x "
    "with one mask for all rows.",
)
def whole_columns_dropped():
    def dropconnect_linear(x, weight, bias, p):
        mask, _ = dropout_forward(torch.ones_like(weight[0]), p)
        return F.linear(x, weight * mask, bias)


@misconception(
    "dropconnect",
    "You draw one number for each output and drop a whole row of the weight matrix. Single weights are dropped.",
)
def whole_rows_of_weights_dropped():
    def dropconnect_linear(x, weight, bias, p):
        mask, _ = dropout_forward(torch.ones_like(bias), p)
        return F.linear(x, weight * mask[:, None], bias)


@misconception(
    "dropconnect",
    "Every call uses the same mask: a seed is set inside.",
)
def dropconnect_seed_fixed_inside():
    def dropconnect_linear(x, weight, bias, p):
        torch.manual_seed(0)
        return F.linear(x, dropout_forward(weight, p)[0], bias)


@misconception(
    "dropconnect",
    "At p = 1 you divide by 1 - p = 0, and 0/0 is NaN. No weight is left there, so no factor is needed.",
)
def dropconnect_nan_at_one():
    def dropconnect_linear(x, weight, bias, p):
        if not 0 <= p <= 1:
            raise ValueError("p must be in [0, 1]")
        mask = (torch.rand_like(weight) >= p).to(weight.dtype) / (1 - p)
        return F.linear(x, weight * mask, bias)


@misconception(
    "dropconnect",
    "You multiply the weight matrix in place: the layer has lost those weights for good.",
)
def changes_the_weights():
    def dropconnect_linear(x, weight, bias, p):
        weight *= dropout_forward(torch.ones_like(weight), p)[0]
        return F.linear(x, weight, bias)


@misconception(
    "dropconnect",
    "You do not drop anything.",
)
def nothing_dropped():
    def dropconnect_linear(x, weight, bias, p):
        return F.linear(x, weight, bias)
