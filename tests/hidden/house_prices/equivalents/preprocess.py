"""Right solutions of ``preprocess`` in other styles: none of them may lose a point."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autograder.suite import equivalent


@equivalent("preprocess")
def with_get_dummies():
    def preprocess(train, test):
        train = train.drop(columns=["Id", "SalePrice"])
        test = test.drop(columns=["Id"])
        numeric = [c for c in train.columns if pd.api.types.is_numeric_dtype(train[c])]
        categorical = [c for c in train.columns if c not in numeric]
        mean, std = train[numeric].mean(), train[numeric].std()
        std[std == 0] = 1
        num_train = ((train[numeric] - mean) / std).fillna(0)
        num_test = ((test[numeric] - mean) / std).fillna(0)
        cat_train = pd.get_dummies(train[categorical], dummy_na=True)
        cat_test = pd.get_dummies(test[categorical], dummy_na=True).reindex(columns=cat_train.columns, fill_value=False)
        X_train = pd.concat([num_train, cat_train], axis=1).to_numpy(dtype=float)
        X_test = pd.concat([num_test, cat_test], axis=1).to_numpy(dtype=float)
        return X_train, X_test


@equivalent("preprocess")
def in_the_style_of_pandas_two():
    def preprocess(train, test):
        train, test = train.drop(["Id", "SalePrice"], axis=1), test.drop(["Id"], axis=1)
        numeric = train.dtypes[train.dtypes != "object"].index
        categorical = train.dtypes[train.dtypes == "object"].index
        mu, sigma = train[numeric].mean(), train[numeric].std()
        blocks = []
        for table in (train, test):
            table = table.copy()
            table[numeric] = (table[numeric] - mu) / (sigma + 1e-9)
            table[numeric] = table[numeric].fillna(0)
            columns = [table[numeric].to_numpy(dtype="float64")]
            for name in categorical:
                for value in train[name].dropna().unique():
                    columns.append((table[[name]] == value).to_numpy(dtype="float64"))
                columns.append(table[[name]].isnull().to_numpy(dtype="float64"))
            blocks.append(np.concatenate(columns, axis=1))
        return tuple(blocks)


@equivalent("preprocess")
def with_a_column_transformer():
    def preprocess(train, test):
        from sklearn.compose import ColumnTransformer, make_column_selector
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        numbers = Pipeline([("fill", SimpleImputer(strategy="mean")), ("scale", StandardScaler())])
        text = Pipeline(
            [
                ("fill", SimpleImputer(strategy="constant", fill_value="missing")),
                ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
            ]
        )
        table = ColumnTransformer(
            [
                ("numbers", numbers, make_column_selector(dtype_include=np.number)),
                ("text", text, make_column_selector(dtype_exclude=np.number)),
            ]
        )
        X = train.drop(columns=["Id", "SalePrice"])
        return table.fit_transform(X), table.transform(test[X.columns])


@equivalent("preprocess")
def with_a_scaler_that_skips_gaps():
    def preprocess(train, test):
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        names = [name for name in test.columns if name != "Id"]
        numbers = train[names].select_dtypes(include=["number"]).columns.tolist()
        text = [name for name in names if name not in numbers]
        scaler = StandardScaler().fit(train[numbers])
        encoder = OneHotEncoder(handle_unknown="ignore").fit(train[text].fillna("(missing)"))

        def convert(table):
            scaled = np.nan_to_num(scaler.transform(table[numbers]))
            return np.c_[encoder.transform(table[text].fillna("(missing)")).toarray(), scaled]

        return convert(train), convert(test)


@equivalent("preprocess")
def column_by_column():
    def preprocess(train, test):
        def is_number(column):
            return column.dtype.kind in "iuf"

        columns_train, columns_test = [], []
        for name in train.columns:
            if name in ("Id", "SalePrice"):
                continue
            a, b = train[name], test[name]
            if is_number(a):
                a, b = np.array(a, dtype=float), np.array(b, dtype=float)
                there = a[~np.isnan(a)]
                mean = sum(there) / len(there)
                std = (sum((there - mean) ** 2) / (len(there) - 1)) ** 0.5
                for values, columns in ((a, columns_train), (b, columns_test)):
                    z = np.zeros(len(values)) if std < 1e-12 else (values - mean) / std
                    z[np.isnan(z)] = 0.0
                    columns.append(z)
            else:
                for category in sorted(set(a[a.notna()])):
                    columns_train.append(np.array([float(v == category) for v in a]))
                    columns_test.append(np.array([float(v == category) for v in b]))
                columns_train.append(a.isna().astype(float).values)
                columns_test.append(b.isna().astype(float).values)
        return np.stack(columns_train, axis=1), np.stack(columns_test, axis=1)


@equivalent("preprocess")
def single_precision_and_no_constant_columns():
    def preprocess(train, test):
        tables = [t.drop(columns=["Id", "SalePrice"], errors="ignore").copy() for t in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        useful = [name for name in numbers if tables[0][name].nunique() > 1]
        mean = tables[0][useful].mean()
        filled = [t[useful].fillna(mean) for t in tables]
        std = filled[0].std(ddof=0)
        text = [t.drop(columns=numbers).fillna("nothing") for t in tables]
        known = [sorted(set(text[0][name])) for name in text[0]]
        made = []
        for t, words in zip(filled, text):
            parts = [((t - mean) / std).to_numpy()]
            for name, categories in zip(words, known):
                parts.append(words[name].to_numpy()[:, None] == np.array(categories, dtype=object)[None, :])
            made.append(np.hstack(parts).astype(np.float32))
        return made[0], made[1]


@equivalent("preprocess")
def with_indicators_of_missing_numbers_too():
    def preprocess(train, test):
        from sklearn.preprocessing import OneHotEncoder

        tables = [t.drop(columns=["Id", "SalePrice"], errors="ignore") for t in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        text = list(tables[0].columns.difference(numbers))
        gaps = [t[numbers].isna().to_numpy(dtype=float) for t in tables]
        mean, std = np.nanmean(tables[0][numbers], axis=0), np.nanstd(tables[0][numbers], axis=0)
        std = np.where(std > 0, std, 1.0)
        scaled = [np.where(g == 1, 0.0, (t[numbers].to_numpy(dtype=float) - mean) / std) for t, g in zip(tables, gaps)]
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(tables[0][text].astype(object))
        words = [encoder.transform(t[text].astype(object)) for t in tables]
        return tuple(np.hstack(parts) for parts in zip(scaled, gaps, words))


@equivalent("preprocess")
def aligned_frames():
    def preprocess(train, test):
        y_name = "SalePrice"
        X = train.drop(columns=[y_name, "Id"]).copy()
        Z = test.drop(columns="Id").copy()
        for name in X.columns:
            if pd.api.types.is_numeric_dtype(X[name]):
                center, spread = X[name].mean(), X[name].std(ddof=1)
                spread = spread if spread > 0 else 1.0
                X[name] = (X[name] - center).div(spread).fillna(0.0)
                Z[name] = (Z[name] - center).div(spread).fillna(0.0)
            else:
                levels = list(X[name].dropna().unique())
                for table in (X, Z):
                    table[f"{name} missing"] = table[name].isna().astype(float)
                    for level in levels:
                        table[f"{name} is {level}"] = (table[name] == level).astype(float)
        keep = [name for name in X.columns if pd.api.types.is_numeric_dtype(X[name])]
        return X[keep].astype(float).values, Z[keep].astype(float).values


@equivalent("preprocess")
def nested_lists():
    def preprocess(train, test):
        from sklearn.feature_extraction import DictVectorizer

        names = [name for name in train.columns if name not in ("Id", "SalePrice")]
        numbers = [name for name in names if pd.api.types.is_numeric_dtype(train[name])]
        mean, std = train[numbers].mean(), train[numbers].std()

        def records(table):
            for _, row in table.iterrows():
                record = {}
                for name in names:
                    gap = pd.isna(row[name])
                    if name not in numbers:
                        record[name] = "?" if gap else row[name]
                    else:
                        record[name] = 0.0 if gap or std[name] == 0 else float((row[name] - mean[name]) / std[name])
                yield record

        vectorizer = DictVectorizer(sparse=False).fit(records(train))
        return [vectorizer.transform(records(table)).tolist() for table in (train, test)]
