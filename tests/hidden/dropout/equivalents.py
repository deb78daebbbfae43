"""Right solutions of the assignment ``dropout`` in other styles: each must earn every point.

The body of each factory is the text of a solution cell. Forward passes keep the reference's mask, a tensor of 0 and
1/(1 - p), so that its backward pass goes with them; other masks are among the backward passes, whose cells bring a
forward pass of their own.
"""

from __future__ import annotations

import torch
from torch import nn

from autograder.suite import equivalent

# --- dropout_forward --------------------------------------------------------------------------------------------------


@equivalent("dropout_forward")
def rand_below_keep():
    def dropout_forward(x, p):
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        keep = 1 - p
        if keep == 0:
            return torch.zeros_like(x), torch.zeros_like(x)
        mask = (torch.rand(x.shape, dtype=x.dtype, device=x.device) < keep) / keep
        mask = mask.to(x.dtype)
        return x * mask, mask


@equivalent("dropout_forward")
def rand_above_p():
    def dropout_forward(x, p):
        if not (p >= 0 and p <= 1):
            raise ValueError("p")
        if p == 0:
            return x, torch.ones_like(x)
        if p == 1:
            return x * 0, torch.zeros_like(x)
        mask = (torch.rand(x.size()).to(x.device) > p).type(x.dtype)
        mask = mask / (1.0 - p)
        out = mask * x
        return out, mask


@equivalent("dropout_forward")
def bernoulli_of_a_tensor():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        mask = torch.bernoulli(torch.full_like(x, 1 - p))
        if p < 1:
            mask.div_(1 - p)
        return x.mul(mask), mask


@equivalent("dropout_forward")
def bernoulli_in_place():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        mask = torch.empty_like(x).bernoulli_(1 - p)
        mask *= 1 / max(1 - p, 1e-300)
        return torch.where(mask > 0, x * mask, torch.zeros_like(x)), mask


@equivalent("dropout_forward")
def binomial():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        kept = torch.binomial(torch.ones_like(x), torch.full_like(x, 1 - p))
        scale = torch.tensor(0.0 if p == 1 else 1 / (1 - p), dtype=x.dtype, device=x.device)
        return x * kept * scale, kept * scale


@equivalent("dropout_forward")
def bernoulli_distribution():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        kept = torch.distributions.Bernoulli(probs=torch.tensor(1 - p, device=x.device)).sample(x.shape)
        kept = kept.to(x.dtype)
        out = x * kept
        if p not in (0, 1):
            out, kept = out / (1 - p), kept / (1 - p)
        return out, kept


@equivalent("dropout_forward")
def boolean_mask_and_where():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        drop = torch.empty_like(x).uniform_() < p
        if p == 1:
            drop = torch.ones_like(drop)
        out = torch.where(drop, 0.0, x / (1 - p if p < 1 else 1.0))
        mask = torch.where(drop, torch.zeros_like(x), torch.full_like(x, 1 / (1 - p) if p < 1 else 1.0))
        return out.to(x.dtype), mask


@equivalent("dropout_forward")
def masked_fill():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        drop = torch.rand_like(x) < p
        if p == 1:
            return x.masked_fill(drop, 0), torch.zeros_like(x)
        ones = torch.ones_like(x) / (1 - p)
        return (x / (1 - p)).masked_fill(drop, 0), ones.masked_fill(drop, 0)


@equivalent("dropout_forward")
def assigned_through_an_index():
    def dropout_forward(x, p):
        if p > 1 or p < 0:
            raise ValueError("p must lie in [0, 1]")
        u = torch.rand(x.numel(), device=x.device, dtype=torch.float64).reshape(x.shape)
        mask = x.new_full(x.shape, 1.0 / (1.0 - p)) if p < 1 else x.new_zeros(x.shape)
        mask[u < p] = 0
        out = x.clone()
        out *= mask
        return out, mask


@equivalent("dropout_forward")
def row_by_row():
    def dropout_forward(x, p):
        if p > 1 or p < 0:
            raise ValueError("p must lie in [0, 1]")
        keep = 1 - p
        masks = []
        for row in x:
            masks.append((torch.rand_like(row) <= keep).to(x.dtype) if keep else torch.zeros_like(row))
        mask = torch.stack(masks)
        if keep > 0:
            mask = mask / keep
        return x * mask, mask


@equivalent("dropout_forward")
def sum_and_floor():
    import math

    def dropout_forward(x, p):
        try:
            inverse = 0.0 if p == 1 else 1 / (1 - p)
            assert math.isfinite(inverse) and 0 <= p <= 1
        except AssertionError as error:
            raise ValueError(f"p = {p} is no probability") from error
        mask = torch.floor(torch.rand_like(x) + (1 - p)).clamp(0, 1) * inverse
        return x * mask, mask


@equivalent("dropout_forward")
def generator_seeded_from_the_global_one():
    def dropout_forward(x, p):
        if not 0.0 <= p <= 1.0:
            raise ValueError("p must lie in [0, 1]")
        generator = torch.Generator(device=x.device)
        generator.manual_seed(int(torch.randint(2**62, ())))
        keep = torch.rand(x.shape, generator=generator, device=x.device, dtype=x.dtype) >= p
        mask = keep.to(x.dtype) * (1 / (1 - p) if p < 1 else 0)
        return x * mask, mask


@equivalent("dropout_forward")
def entry_by_entry():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        values = x.reshape(-1)
        out, mask = torch.zeros_like(values), torch.zeros_like(values)
        for i in range(len(values)):
            if torch.rand(1).item() >= p and p < 1:
                out[i] = values[i] / (1 - p)
                mask[i] = 1 / (1 - p)
        return out.reshape(x.shape), mask.reshape(x.shape)


# --- dropout_backward -------------------------------------------------------------------------------------------------


@equivalent("dropout_backward")
def boolean_mask_and_p():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        mask = torch.rand_like(x) >= p
        out = x * mask
        if p < 1:
            out = out / (1 - p)
        return out, (mask, p)

    def dropout_backward(dout, mask):
        kept, p = mask
        dx = dout * kept
        return dx if p == 1 else dx / (1 - p)


@equivalent("dropout_backward")
def none_where_nothing_was_dropped():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        if p == 0:
            return x, None
        if p == 1:
            return torch.zeros_like(x), "all"
        mask = torch.bernoulli(torch.full_like(x, 1 - p)) / (1 - p)
        return x * mask, mask

    def dropout_backward(dout, mask):
        if mask is None:
            return dout
        if isinstance(mask, str):
            return torch.zeros_like(dout)
        return mask * dout


@equivalent("dropout_backward")
def indices_of_the_dropped():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        scale = 1 / (1 - p) if p < 1 else 1.0
        dropped = torch.nonzero((torch.rand_like(x) < p).flatten(), as_tuple=True)[0]
        out = (x * scale).flatten()
        out[dropped] = 0
        return out.reshape(x.shape), {"dropped": dropped, "scale": scale}

    def dropout_backward(dout, mask):
        dx = dout.clone().flatten()
        dx[mask["dropped"]] = 0
        return (dx * mask["scale"]).reshape(dout.shape)


@equivalent("dropout_backward")
def gradient_by_autograd():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        leaf = x.detach().clone().requires_grad_()
        with torch.enable_grad():
            kept = torch.rand_like(leaf) >= p
            out = torch.where(kept, leaf / (1 - p) if p < 1 else leaf, 0)
        return out.detach(), (leaf, out)

    def dropout_backward(dout, mask):
        leaf, out = mask
        return torch.autograd.grad(out, leaf, dout, retain_graph=True)[0]


@equivalent("dropout_backward")
def where_kept():
    def dropout_backward(dout, mask):
        return torch.where(mask > 0, dout * mask, torch.zeros_like(dout))


@equivalent("dropout_backward")
def closure():
    def dropout_forward(x, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        kept = torch.rand_like(x).ge(p)

        def apply(values):
            values = values.masked_fill(~kept, 0)
            return values if p == 1 else values / (1 - p)

        return apply(x), apply

    def dropout_backward(dout, mask):
        return mask(dout)


# --- dropout_module ---------------------------------------------------------------------------------------------------


@equivalent("dropout_module")
def written_out():
    class Dropout(nn.Module):
        def __init__(self, p: float = 0.5):
            super(Dropout, self).__init__()
            if p < 0 or p > 1:
                raise ValueError("p must lie in [0, 1]")
            self.p = p

        def forward(self, x):
            if self.training and self.p > 0:
                if self.p == 1:
                    return torch.zeros_like(x)
                mask = torch.bernoulli(torch.ones_like(x) * (1 - self.p))
                return x * mask / (1 - self.p)
            return x


@equivalent("dropout_module")
def autograd_function():
    class DropoutFunction(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, p):
            out, ctx.mask = dropout_forward(x, p)
            return out

        @staticmethod
        def backward(ctx, dout):
            return dropout_backward(dout, ctx.mask), None

    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p

        def forward(self, x):
            return DropoutFunction.apply(x, self.p) if self.training else x.clone()


@equivalent("dropout_module")
def p_as_a_buffer():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.register_buffer("p", torch.tensor(float(p)), persistent=False)

        def forward(self, x):
            p = self.p.item() if self.training else 0.0
            kept = torch.rand_like(x) >= p
            return torch.where(kept, x / (1 - p) if p < 1 else x, torch.zeros_like(x))

        def extra_repr(self):
            return f"p={self.p.item()}"


@equivalent("dropout_module")
def mask_from_ones():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p
            self.mask = None

        def forward(self, x):
            if not self.training:
                self.mask = None
                return x
            self.mask = dropout_forward(torch.ones_like(x), self.p)[0]
            return x * self.mask


@equivalent("dropout_module")
def with_a_flag_for_sampling():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p
            self.always_on = False

        def forward(self, x):
            if self.training or self.always_on:
                x, _ = dropout_forward(x, self.p)
            return x


@equivalent("dropout_module")
def entry_by_entry_in_a_module():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            if not 0 <= p <= 1:
                raise ValueError("p must lie in [0, 1]")
            self.p = p

        def forward(self, x):
            if not self.training or self.p == 0:
                return x
            values = []
            for value in x.flatten():
                dropped = torch.rand(()).item() < self.p or self.p == 1
                values.append(value * 0 if dropped else value / (1 - self.p))
            return torch.stack(values).reshape(x.shape)


# --- mc_dropout -------------------------------------------------------------------------------------------------------


@equivalent("mc_dropout")
def by_class_name():
    def mc_dropout_predict(model, x, n_samples):
        before = {name: module.training for name, module in model.named_modules()}
        model.eval()
        for module in model.modules():
            if module.__class__.__name__.startswith("Dropout"):
                module.train()
        outputs = []
        with torch.no_grad():
            for _ in range(n_samples):
                outputs.append(model(x).unsqueeze(0))
        outputs = torch.cat(outputs, dim=0)
        for name, module in model.named_modules():
            module.train(before[name])
        return outputs.mean(0), outputs.std(0)


@equivalent("mc_dropout")
def on_a_copy():
    def mc_dropout_predict(model, x, n_samples):
        import copy

        model = copy.deepcopy(model).eval()
        model.apply(lambda module: module.train() if isinstance(module, Dropout) else None)
        with torch.inference_mode():
            samples = torch.stack([model(x) for _ in range(n_samples)], dim=-1)
            var, mean = torch.var_mean(samples, dim=-1)
        return mean.clone(), var.sqrt().clone()


@equivalent("mc_dropout")
def one_pass_sums():
    @torch.no_grad()
    def mc_dropout_predict(model, x, n_samples):
        modes = [(m, m.training) for m in model.modules()]
        for m, _ in modes:
            m.training = type(m) is Dropout
        total, squares = 0, 0
        for _ in range(n_samples):
            y = model(x)
            total = total + y
            squares = squares + y * y
        for m, mode in modes:
            m.training = mode
        mean = total / n_samples
        return mean, ((squares - n_samples * mean**2) / (n_samples - 1)).clamp(min=0).sqrt()


@equivalent("mc_dropout")
def welford():
    def mc_dropout_predict(model, x, n_samples):
        modes = {module: module.training for module in model.modules()}
        try:
            for module in modes:
                module.training = isinstance(module, Dropout)
            mean = m2 = None
            for k in range(1, n_samples + 1):
                y = model(x).detach()
                if mean is None:
                    mean, m2 = torch.zeros_like(y), torch.zeros_like(y)
                delta = y - mean
                mean = mean + delta / k
                m2 = m2 + delta * (y - mean)
        finally:
            for module, mode in modes.items():
                module.training = mode
        return mean, torch.sqrt(m2 / (n_samples - 1))


@equivalent("mc_dropout")
def one_large_batch():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.train()
        with torch.no_grad():
            out = model(x.repeat_interleave(n_samples, dim=0))
        out = out.reshape(x.shape[0], n_samples, -1)
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return out.mean(dim=1), out.std(dim=1)


@equivalent("mc_dropout")
def through_a_flag_of_its_own_dropout():
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            self.p = p
            self.sampling = False

        def forward(self, x):
            if self.training or self.sampling:
                return dropout_forward(x, self.p)[0]
            return x

    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()
        for module in model.modules():
            if isinstance(module, Dropout):
                module.sampling = True
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for module, mode in zip(model.modules(), modes):
            module.training = mode
            if isinstance(module, Dropout):
                module.sampling = False
        return samples.mean(dim=0), samples.std(dim=0)


@equivalent("mc_dropout")
def through_forward_hooks():
    def mc_dropout_predict(model, x, n_samples):
        modes = [module.training for module in model.modules()]
        model.eval()

        def sample(module, args, out):
            return dropout_forward(args[0], module.p)[0]

        hooks = [m.register_forward_hook(sample) for m in model.modules() if isinstance(m, Dropout)]
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
        for hook in hooks:
            hook.remove()
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        return samples.mean(dim=0), samples.std(dim=0)


# --- dropconnect ------------------------------------------------------------------------------------------------------


@equivalent("dropconnect")
def matrix_product():
    def dropconnect_linear(x, weight, bias, p):
        if p < 0 or p > 1:
            raise ValueError("p must lie in [0, 1]")
        if p == 1:
            return torch.zeros_like(x @ weight.T) + bias
        mask = (torch.rand(weight.shape, device=weight.device) < 1 - p).to(weight.dtype)
        return x @ (weight * mask / (1 - p)).T + bias


@equivalent("dropconnect")
def scaled_after_the_product():
    def dropconnect_linear(x, weight, bias, p):
        mask = torch.bernoulli(torch.full_like(weight, 1 - p)).bool()
        out = torch.matmul(x, torch.where(mask, weight, torch.zeros_like(weight)).t())
        if 0 < p < 1:
            out = out / (1 - p)
        return out + bias.unsqueeze(0)


@equivalent("dropconnect")
def einsum():
    def dropconnect_linear(x, weight, bias, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        factor = 1 / (1 - p) if p != 1 else 1.0
        kept = weight.masked_fill(torch.rand_like(weight) < p, 0.0) * factor
        return torch.einsum("nd,cd->nc", x, kept) + bias


@equivalent("dropconnect")
def output_by_output():
    def dropconnect_linear(x, weight, bias, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        columns = []
        for w, b in zip(weight, bias):
            w, _ = dropout_forward(w, p)
            columns.append(x @ w + b)
        return torch.stack(columns, dim=1)


@equivalent("dropconnect")
def addmm():
    def dropconnect_linear(x, weight, bias, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        weight = weight.clone()
        weight[torch.empty_like(weight).uniform_(0, 1) < p] = 0
        return torch.addmm(bias, x, weight.t(), alpha=1 if p == 1 else 1 / (1 - p))


@equivalent("dropconnect")
def weight_by_weight():
    def dropconnect_linear(x, weight, bias, p):
        if not 0 <= p <= 1:
            raise ValueError("p must lie in [0, 1]")
        thinned = weight.clone()
        for k in range(weight.shape[0]):
            for j in range(weight.shape[1]):
                if p == 1 or torch.rand(1).item() < p:
                    thinned[k, j] = 0
                else:
                    thinned[k, j] = weight[k, j] / (1 - p)
        out = torch.empty(x.shape[0], weight.shape[0], dtype=x.dtype, device=x.device)
        for i in range(x.shape[0]):
            for k in range(weight.shape[0]):
                out[i, k] = torch.dot(x[i], thinned[k]) + bias[k]
        return out
