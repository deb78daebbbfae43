"""Wrong solutions of ``train_predict``, each with the sentence that helps the student who made the mistake.

They are cheap to train: to name a mistake, all of them are run on a failed check.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge

from autograder.suite import misconception


@misconception("train_predict", "You predict the same price for every house, whatever its features are.")
def the_mean_price():
    def train_predict(train, test, seed):
        return np.full(len(test), train["SalePrice"].mean())


@misconception("train_predict", "Your predictions are logarithms of prices. Go back to prices before you return them.")
def logarithms_returned():
    def train_predict(train, test, seed):
        X, X_test = preprocess(train, test)
        return Ridge(10.0).fit(X, np.log(train["SalePrice"])).predict(X_test)


@misconception(
    "train_predict",
    "You train on the logarithm to the base e and come back by powers of another base (or the other way round).",
)
def another_base():
    def train_predict(train, test, seed):
        X, X_test = preprocess(train, test)
        return np.exp(Ridge(10.0).fit(X, np.log10(train["SalePrice"])).predict(X_test))


@misconception(
    "train_predict",
    "You standardise the prices before training and return standardised predictions: some are negative, and none is a "
    "price.",
)
def standardised_prices_returned():
    def train_predict(train, test, seed):
        X, X_test = preprocess(train, test)
        y = train["SalePrice"].to_numpy(dtype=float)
        return Ridge(10.0).fit(X, (y - y.mean()) / y.std()).predict(X_test)


@misconception(
    "train_predict",
    "You shuffle features and prices separately, or only one of them: the model learns the prices of other houses.",
)
def rows_and_prices_apart():
    def train_predict(train, test, seed):
        X, X_test = preprocess(train, test)
        y = np.random.default_rng(seed).permutation(train["SalePrice"].to_numpy(dtype=float))
        return np.exp(Ridge(10.0).fit(X, np.log(y)).predict(X_test))


@misconception(
    "train_predict",
    "Your predictions are in another order than the rows of test, sorted by size. Prediction i is for row i.",
)
def predictions_sorted():
    def train_predict(train, test, seed):
        X, X_test = preprocess(train, test)
        return np.sort(np.exp(Ridge(1.0).fit(X, np.log(train["SalePrice"])).predict(X_test)))


@misconception(
    "train_predict",
    "You predict the training rows. The predictions that are asked for are those of test, one for each of its rows.",
)
def training_rows_predicted():
    def train_predict(train, test, seed):
        X, _ = preprocess(train, test)
        return np.exp(Ridge(1.0).fit(X, np.log(train["SalePrice"])).predict(X))


@misconception(
    "train_predict",
    "The model is hardly trained: a few small steps from a random start. Watch the loss until it no longer falls.",
)
def hardly_trained():
    def train_predict(train, test, seed):
        import torch

        torch.manual_seed(0)
        X, X_test = (torch.tensor(table, dtype=torch.float32) for table in preprocess(train, test))
        y = torch.tensor(np.log(train["SalePrice"].to_numpy(dtype=float)), dtype=torch.float32)[:, None]
        net = torch.nn.Linear(X.shape[1], 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
        for _ in range(10):
            optimizer.zero_grad()
            ((net(X) - y) ** 2).mean().backward()
            optimizer.step()
        return torch.exp(net(X_test))[:, 0].detach().numpy()


@misconception(
    "train_predict",
    "Your network's outputs (n, 1) meet the prices (n,) in the loss. They are broadcast to (n, n), so that every house "
    "learns every price: what comes out is about the same price for all.",
)
def loss_broadcast():
    def train_predict(train, test, seed):
        import torch

        torch.manual_seed(0)
        X, X_test = (torch.tensor(table, dtype=torch.float32) for table in preprocess(train, test))
        y = torch.tensor(np.log(train["SalePrice"].to_numpy(dtype=float)), dtype=torch.float32)
        center, scale = y.mean(), y.std()
        net = torch.nn.Linear(X.shape[1], 1)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
        for _ in range(150):
            optimizer.zero_grad()
            ((net(X) - (y - center) / scale) ** 2).mean().backward()
            optimizer.step()
        return torch.exp(net(X_test) * scale + center)[:, 0].detach().numpy()


@misconception(
    "train_predict",
    "You fit a straight line to one feature. A house has many others that say something about its price.",
)
def one_feature():
    def train_predict(train, test, seed):
        slope, offset = np.polyfit(np.log(train["GrLivArea"]), np.log(train["SalePrice"]), 1)
        return np.exp(offset + slope * np.log(test["GrLivArea"].to_numpy()))


@misconception(
    "train_predict",
    "You use the numeric features alone, and only a few of them. The neighbourhood and the state of a house are in the "
    "others.",
)
def sizes_alone():
    def train_predict(train, test, seed):
        names = ["GrLivArea", "LotArea", "BedroomAbvGr", "TotalBsmtSF"]
        model = Ridge(1.0).fit(np.log1p(train[names]), np.log(train["SalePrice"]))
        return np.exp(model.predict(np.log1p(test[names])))


@misconception(
    "train_predict",
    "Your tree has a leaf for nearly every training row, and so it predicts other houses by a single one that it "
    "remembers.",
)
def a_single_tree():
    def train_predict(train, test, seed):
        from sklearn.tree import DecisionTreeRegressor

        X, X_test = preprocess(train, test)
        return np.exp(DecisionTreeRegressor(random_state=seed).fit(X, np.log(train["SalePrice"])).predict(X_test))


@misconception("train_predict", "You change train or test in place. The caller still needs them: work on copies.")
def arguments_changed():
    def train_predict(train, test, seed):
        y = np.log(train.pop("SalePrice"))
        X, X_test = preprocess(train.assign(SalePrice=0.0), test)
        return np.exp(Ridge(1.0).fit(X, y).predict(X_test))


@misconception(
    "train_predict",
    "The penalty is so large that next to nothing of the features is left. Try several, by orders of magnitude, and "
    "compare them by cross-validation.",
)
def crushed_by_the_penalty():
    def train_predict(train, test, seed):
        X, X_test = preprocess(train, test)
        return np.exp(Ridge(1e5).fit(X, np.log(train["SalePrice"])).predict(X_test))
