"""Right solutions of ``train_predict`` with other models: none of them may lose a point."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autograder.suite import equivalent


@equivalent("train_predict")
def least_squares():
    def train_predict(train, test, seed):
        X, X_test = preprocess(train, test)
        y = np.log(train["SalePrice"].to_numpy(dtype=float))
        X1, X1_test = (np.column_stack([np.ones(len(table)), table]) for table in (X, X_test))
        weights = np.linalg.lstsq(X1, y, rcond=None)[0]
        return np.exp(X1_test @ weights)


@equivalent("train_predict")
def lasso_with_its_own_search():
    def train_predict(train, test, seed):
        from sklearn.linear_model import LassoCV

        X, X_test = preprocess(train, test)
        model = LassoCV(cv=5, random_state=seed).fit(X, np.log1p(train.SalePrice))
        return list(np.expm1(model.predict(X_test)))


@equivalent("train_predict")
def random_forest_of_prices():
    def train_predict(train, test, seed):
        from sklearn.ensemble import RandomForestRegressor

        X, X_test = preprocess(train, test)
        return RandomForestRegressor(100, random_state=seed).fit(X, train["SalePrice"]).predict(X_test)


@equivalent("train_predict")
def boosted_trees_in_a_pipeline():
    def train_predict(train, test, seed):
        from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
        from sklearn.ensemble import GradientBoostingRegressor
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        table = make_column_transformer(
            (SimpleImputer(strategy="median"), make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        )
        model = make_pipeline(table, GradientBoostingRegressor(random_state=seed))
        model = TransformedTargetRegressor(model, func=np.log, inverse_func=np.exp)
        X, y = train.drop(columns=["SalePrice", "Id"]), train["SalePrice"]
        return pd.Series(model.fit(X, y).predict(test), index=test["Id"])


@equivalent("train_predict")
def histogram_boosting():
    def train_predict(train, test, seed):
        from sklearn.ensemble import HistGradientBoostingRegressor

        X, X_test = preprocess(train, test)
        model = HistGradientBoostingRegressor(loss="gamma", max_iter=80, random_state=seed)
        return model.fit(X, train["SalePrice"]).predict(X_test)


@equivalent("train_predict")
def support_vectors():
    def train_predict(train, test, seed):
        from sklearn.svm import SVR

        X, X_test = preprocess(train, test)
        y = np.log(train["SalePrice"].values)
        return np.exp(SVR(C=1.0, epsilon=0.05).fit(X, y - y.mean()).predict(X_test) + y.mean()).reshape(-1, 1)


@equivalent("train_predict")
def network_with_mini_batches():
    def train_predict(train, test, seed):
        import torch
        from torch import nn
        from torch.utils.data import DataLoader, TensorDataset

        torch.manual_seed(seed)
        X, X_test = (torch.tensor(table, dtype=torch.float32) for table in preprocess(train, test))
        y = torch.log(torch.tensor(train["SalePrice"].values, dtype=torch.float32)).reshape(-1, 1)
        center, scale = y.mean(), y.std()
        net = nn.Sequential(nn.Linear(X.shape[1], 64), nn.ReLU(), nn.Linear(64, 1))
        optimizer = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-3)
        loader = DataLoader(TensorDataset(X, (y - center) / scale), batch_size=64, shuffle=True)
        for _ in range(40):
            for batch, target in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(net(batch), target).backward()
                optimizer.step()
        return torch.exp(net(X_test) * scale + center)


@equivalent("train_predict")
def linear_network_on_full_batches():
    def train_predict(train, test, seed):
        import torch

        torch.manual_seed(seed)
        X, X_test = (torch.tensor(table) for table in preprocess(train, test))
        y = torch.tensor(np.log(train["SalePrice"].to_numpy(dtype=float)))[:, None]
        net = torch.nn.Linear(X.shape[1], 1).double()
        net.bias.data.fill_(float(y.mean()))
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=0.01)
        for _ in range(500):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(X), y).backward()
            optimizer.step()
        with torch.no_grad():
            return net(X_test).exp().squeeze(1).numpy()


@equivalent("train_predict")
def average_of_two_models():
    def train_predict(train, test, seed):
        from sklearn.ensemble import ExtraTreesRegressor
        from sklearn.linear_model import RidgeCV

        X, X_test = preprocess(train, test)
        y = np.log(train["SalePrice"])
        models = [RidgeCV(np.logspace(-1, 3, 9)), ExtraTreesRegressor(50, random_state=seed)]
        return np.exp(np.mean([model.fit(X, y).predict(X_test) for model in models], axis=0))


@equivalent("train_predict")
def closed_form_with_chosen_penalty():
    def train_predict(train, test, seed):
        X, X_test = preprocess(train, test)
        y = train["SalePrice"].to_numpy(dtype=float)

        def with_penalty(alpha):
            def fit(X, y):
                center, level = X.mean(axis=0), np.log(y).mean()
                A = X - center
                w = np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T @ (np.log(y) - level))
                return lambda Z: np.exp((Z - center) @ w + level)

            return fit

        best = min([1.0, 10.0, 100.0], key=lambda alpha: k_fold_score(with_penalty(alpha), X, y, 5)[0])
        return with_penalty(best)(X, y)(X_test)
