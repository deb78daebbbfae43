"""Reference solutions of the assignment ``dropout``: networks that lose a random part of themselves.

Every exercise multiplies something by a random mask whose entries are independent,

    m = 0            with probability p           (dropped)
    m = 1/(1 - p)    with probability 1 - p       (kept)

and differs only in *what* is multiplied: the activations (dropout) or the weights (DropConnect), while
training or while predicting (Monte Carlo dropout). The factor 1/(1 - p) makes E[m] = 1, so that nothing has
to be rescaled afterwards.

Sources: Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov, "Dropout: A Simple Way to Prevent Neural
Networks from Overfitting" (2014); Wan, Zeiler, Zhang, LeCun & Fergus, "Regularization of Neural Networks
using DropConnect" (2013); Gal & Ghahramani, "Dropout as a Bayesian Approximation" (2016).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def dropout_forward(x: torch.Tensor, p: float) -> tuple[torch.Tensor, Any]:
    """Inverted dropout of x, of any shape, with drop probability p in [0, 1] (Srivastava et al. 2014).

    Each entry of x gets a mask entry of its own, independent of all others and of x:

        out_i = m_i x_i        P(m_i = 0) = p        P(m_i = 1/(1 - p)) = 1 - p.

    *Why 1/(1 - p).* The mask has mean and variance

        E[m]   = p 0 + (1 - p) 1/(1 - p) = 1
        Var[m] = E[m^2] - 1 = (1 - p) 1/(1 - p)^2 - 1 = p/(1 - p),

    so E[out_i] = x_i and Var[out_i] = x_i^2 p/(1 - p). The next layer sees the same mean in training as in
    evaluation, where nothing is dropped. (The paper's section 4 keeps the training pass unscaled and
    multiplies the weights by 1 - p afterwards; its section 10 has this variant, which leaves the network that
    makes predictions alone.)

    *What it does to a linear model.* With y = w . out and squared loss, the expectation over the masks is

        E[(t - w . out)^2] = (t - w . x)^2 + p/(1 - p) sum_i w_i^2 x_i^2        (their section 9.1),

    a ridge penalty in which each weight pays for the size of its own input: dropout is a regularizer.

    *The ends.* p = 0 keeps everything with factor 1. At p = 1 everything is dropped, and the factor 1/0,
    which no entry needs, must not be computed: 0 * inf and 0/0 are NaN.

    The uniform numbers come from torch's global generator; they have the dtype and device of x. They lie in
    [0, 1), so ``u >= p`` is true with probability 1 - p (up to the 2^-24 spacing of float32), and always for
    p = 0.

    Returns (out, mask); the mask holds 0 or 1/(1 - p) and has the shape, dtype and device of x.
    Raises ValueError unless 0 <= p <= 1 (so for NaN too).
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"the drop probability must lie in [0, 1], but got {p}")
    scale = 1.0 / (1.0 - p) if p < 1.0 else 0.0
    mask = (torch.rand_like(x) >= p).to(x.dtype) * scale
    return x * mask, mask


def dropout_backward(dout: torch.Tensor, mask: Any) -> torch.Tensor:
    """Gradient of dropout, for dout = dL/dout of the shape of x.

    Once drawn, the mask is a constant, and out_i = m_i x_i is linear in x_i and depends on no other entry:

        dL/dx_i = dL/dout_i * dout_i/dx_i = dout_i m_i.

    It has to be the mask of the forward pass, factor 1/(1 - p) included: a dropped entry did not influence
    the loss, a kept one did so 1/(1 - p) times as strongly. With m as ``dropout_forward`` stores it, p = 0
    and p = 1 need no case of their own.

    Returns dx, of the shape, dtype and device of dout.
    """
    return dout * mask


class Dropout(nn.Module):
    """Dropout as a layer: active in train mode, the identity in eval mode.

    ``module.train()`` and ``module.eval()`` set ``module.training``, also for every module inside a
    container. Nothing is learned and nothing is remembered: no parameters, no buffers. The mask is a constant
    in autograd's graph, so the gradient is that of ``dropout_backward``.
    """

    def __init__(self, p: float = 0.5) -> None:
        """Keep the drop probability p. Raises ValueError unless 0 <= p <= 1, before any batch comes."""
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"the drop probability must lie in [0, 1], but got {p}")
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop entries of x, of any shape, in train mode; return x as it is in eval mode."""
        if not self.training:
            return x
        out, _ = dropout_forward(x, self.p)
        return out


def mc_dropout_predict(model: nn.Module, x: torch.Tensor, n_samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of ``n_samples`` predictions with dropout left on (Gal & Ghahramani 2016).

    Every mask makes another, thinned network. Let y_s = f(x; mask_s), s = 1..S, be the outputs of S of them.
    Gal & Ghahramani read the masks as draws of the weights from an approximate posterior, and the S outputs
    as draws from the predictive distribution of the noise-free output (section 4, eq. 6 for the mean). Its
    first two moments are estimated by

        mean = 1/S sum_s y_s        std = sqrt( 1/(S - 1) sum_s (y_s - mean)^2 ).

    S - 1, because the mean was fitted to the same S outputs: E[sum_s (y_s - mean)^2] = (S - 1) Var[y]. (Var
    is estimated without bias; its root, like every such root, is not quite.) More samples make the estimates
    steadier, not the std smaller: it measures how much the thinned networks disagree. Noise in the
    observations (1/tau in the paper) is not part of it.

    *Modes.* Only modules of class ``Dropout`` sample. A batch norm in train mode would normalize by the batch
    at hand and move its running statistics: a prediction would depend on its neighbors and change the model.
    So everything goes to eval mode, then the ``Dropout`` modules back to train mode. Afterwards each module
    gets its own previous mode again, whichever way the passes ended: ``model.train()`` would also thaw a
    layer that was frozen on purpose. The flag is set directly, because ``.train(mode)`` reaches down into the
    children.

    Returns (mean, std), each of the shape of ``model(x)``, without a gradient. S = 1 has no standard
    deviation.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    for module in model.modules():
        if isinstance(module, Dropout):
            module.train()
    try:
        with torch.no_grad():
            samples = torch.stack([model(x) for _ in range(n_samples)])
    finally:
        for module, training in modes:
            module.training = training
    return samples.mean(dim=0), samples.std(dim=0, unbiased=True)


def dropconnect_linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, p: float) -> torch.Tensor:
    """Linear layer of x (n, d) with weight (c, d) and bias (c,) that loses single weights (Wan et al. 2013).

    One mask M (c, d) is drawn at each call, entries as in ``dropout_forward``:

        out_ik = sum_j M_kj W_kj x_ij + b_k.

    *Moments.* E[M] = 1, so E[out_ik] is the ordinary linear layer; the M_kj are independent with variance
    p/(1 - p), so

        Var[out_ik] = p/(1 - p) sum_j W_kj^2 x_ij^2.

    Dropout of x gives every single output the same mean and variance. What differs is how the outputs of one
    sample vary together. Dropping x_ij takes it from all c outputs at once, Cov[out_ik, out_il] = p/(1 - p)
    sum_j W_kj W_lj x_ij^2; here M_kj and M_lj are independent, and the covariance is 0. On the other hand all
    n rows share one mask, so samples vary together.

    *Against the paper.* Wan et al. draw a mask for each sample, drop biases too, and match moments at test
    time instead of scaling in training. Here: one mask for the batch (a plain matrix product), the bias
    always kept, inverted scaling.

    Dropping entries of the weight matrix is what ``dropout_forward`` does to any tensor, p = 1 included: then
    out = b.

    Returns out (n, c), in the dtype and on the device of x. Raises ValueError unless 0 <= p <= 1.
    """
    masked_weight, _ = dropout_forward(weight, p)
    return F.linear(x, masked_weight, bias)
