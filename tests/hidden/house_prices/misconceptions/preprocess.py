"""Wrong solutions of ``preprocess``, each with the sentence that helps the student who made the mistake."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder

from autograder.suite import misconception


@misconception(
    "preprocess",
    "You glue train and test together and standardise by the mean and deviation of both. In training nobody knows the "
    "test rows.",
)
def statistics_of_both_tables():
    def preprocess(train, test):
        both = pd.concat([train, test], ignore_index=True).drop(columns=["Id", "SalePrice"])
        numbers = both.select_dtypes("number").columns
        std = both[numbers].std().replace(0, 1)
        scaled = ((both[numbers] - both[numbers].mean()) / std).fillna(0)
        text = both.columns.difference(numbers)
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(both[text][: len(train)])
        table = np.hstack([scaled.to_numpy(), encoder.transform(both[text])])
        return table[: len(train)], table[len(train) :]


@misconception(
    "preprocess",
    "You take the categories from train and test together, so that a category of test alone gets an indicator that no "
    "training row ever sets.",
)
def categories_of_both_tables():
    def preprocess(train, test):
        tables = [table.drop(columns=["Id", "SalePrice"], errors="ignore") for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        mean, std = tables[0][numbers].mean(), tables[0][numbers].std().replace(0, 1)
        scaled = [((table[numbers] - mean) / std).fillna(0) for table in tables]
        text = pd.concat([table.drop(columns=numbers) for table in tables], ignore_index=True)
        dummies = pd.get_dummies(text, dummy_na=True, dtype=float)
        both = np.hstack([pd.concat(scaled), dummies])
        return both[: len(train)], both[len(train) :]


@misconception(
    "preprocess",
    "You glue train and test together and compute everything from both: means, deviations and categories. At the time "
    "of training nobody knows the test rows.",
)
def everything_of_both_tables():
    def preprocess(train, test):
        both = pd.concat([train.drop(columns="SalePrice"), test], ignore_index=True).drop(columns="Id")
        numbers = both.select_dtypes("number").columns
        scaled = both[numbers].apply(lambda column: (column - column.mean()) / (column.std() or 1)).fillna(0)
        dummies = pd.get_dummies(both.drop(columns=numbers), dummy_na=True, dtype=float)
        table = np.hstack([scaled, dummies])
        return table[: len(train)], table[len(train) :]


@misconception(
    "preprocess",
    "You standardise test by its own mean and deviation. The same house would then have other features in another "
    "table; measure it by the training rows.",
)
def test_by_its_own_statistics():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        parts = []
        for table in (train, test):
            values = table[numbers]
            scaled = ((values - values.mean()) / values.std().replace(0, 1)).fillna(0)
            parts.append(np.hstack([scaled, encoder.transform(table[text])]))
        return parts[0], parts[1]


@misconception(
    "preprocess",
    "You make the indicators of each table by itself. If test lacks a category, its columns mean something else than "
    "those of train.",
)
def indicators_of_each_table():
    def preprocess(train, test):
        tables = [table.drop(columns=["Id", "SalePrice"], errors="ignore") for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        mean, std = tables[0][numbers].mean(), tables[0][numbers].std().replace(0, 1)
        made = []
        for table in tables:
            dummies = pd.get_dummies(table.drop(columns=numbers), dummy_na=True, dtype=float)
            made.append(np.hstack([((table[numbers] - mean) / std).fillna(0), dummies]))
        return made[0], made[1]


@misconception(
    "preprocess",
    "You put 0 into the gaps before you standardise. These zeros move the mean and the deviation; 0 is right after "
    "that step.",
)
def zeros_before_standardising():
    def preprocess(train, test):
        from sklearn.preprocessing import StandardScaler

        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        scaler = StandardScaler().fit(train[numbers].fillna(0))
        return tuple(
            np.hstack([scaler.transform(table[numbers].fillna(0)), encoder.transform(table[text])])
            for table in (train, test)
        )


@misconception(
    "preprocess",
    "You put the median into the gaps. The contract asks for 0 after standardising: the mean of what is there.",
)
def medians_in_the_gaps():
    def preprocess(train, test):
        from sklearn.preprocessing import StandardScaler

        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        filled = [table[numbers].fillna(train[numbers].median()) for table in (train, test)]
        scaler = StandardScaler().fit(filled[0])
        made = [np.hstack([scaler.transform(f), encoder.transform(t[text])]) for f, t in zip(filled, (train, test))]
        return made[0], made[1]


@misconception("preprocess", "Missing numbers are still NaN in your arrays. After standardising they should be 0.")
def gaps_left():
    def preprocess(train, test):
        from sklearn.preprocessing import StandardScaler

        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        scaler = StandardScaler().fit(train[numbers])
        return tuple(
            np.hstack([scaler.transform(table[numbers]), encoder.transform(table[text])]) for table in (train, test)
        )


@misconception(
    "preprocess",
    "A missing number of test gets the mean of the test rows. What is put into a gap has to be known before test is "
    "seen.",
)
def test_gaps_by_the_mean_of_test():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        mean, std = train[numbers].mean(), train[numbers].std().replace(0, 1)
        made = []
        for table in (train, test):
            values = table[numbers].fillna(table[numbers].mean())
            made.append(np.hstack([(values - mean) / std, encoder.transform(table[text])]))
        return made[0], made[1]


@misconception("preprocess", "You subtract the mean and do not divide by the standard deviation.")
def only_centred():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        mean = train[numbers].mean()
        return tuple(
            np.hstack([(table[numbers] - mean).fillna(0), encoder.transform(table[text])]) for table in (train, test)
        )


@misconception(
    "preprocess", "You scale the numbers to the range from 0 to 1. The contract asks for mean 0 and deviation 1."
)
def scaled_to_a_range():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        low, high = train[numbers].min(), train[numbers].max()
        return tuple(
            np.hstack([((table[numbers] - low) / (high - low).replace(0, 1)).fillna(0), encoder.transform(table[text])])
            for table in (train, test)
        )


@misconception(
    "preprocess",
    "The standard deviation of a constant column is 0, and you divide by it. What should become of a column that tells "
    "nothing?",
)
def constant_column_divided_by_zero():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        mean, std = train[numbers].mean(), train[numbers].std()
        made = []
        for table in (train, test):
            filled = table[numbers].fillna(mean)
            made.append(np.hstack([(filled - mean) / std, encoder.transform(table[text])]))
        return made[0], made[1]


@misconception(
    "preprocess", "You leave a constant column as it is, because its deviation is 0. It should become zeros."
)
def constant_column_left():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        made = []
        for table in (train, test):
            values = table[numbers].astype(float).copy()
            for name in numbers:
                if train[name].std() > 0:
                    values[name] = (values[name] - train[name].mean()) / train[name].std()
            made.append(np.hstack([values.fillna(0), encoder.transform(table[text])]))
        return made[0], made[1]


@misconception(
    "preprocess",
    "A missing category sets no indicator in your arrays. That a value is missing says something about a house (no "
    "garage?): give it an indicator of its own.",
)
def no_indicator_for_gaps():
    def preprocess(train, test):
        tables = [table.drop(columns=["Id", "SalePrice"], errors="ignore") for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        mean, std = tables[0][numbers].mean(), tables[0][numbers].std().replace(0, 1)
        dummies = [pd.get_dummies(table.drop(columns=numbers), dtype=float) for table in tables]
        dummies[1] = dummies[1].reindex(columns=dummies[0].columns, fill_value=0.0)
        made = [np.hstack([((t[numbers] - mean) / std).fillna(0), d]) for t, d in zip(tables, dummies)]
        return made[0], made[1]


@misconception(
    "preprocess",
    "You fill a missing category with the most frequent one. The arrays no longer tell that it was missing.",
)
def most_frequent_category():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        usual = train[text].mode().iloc[0]
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text].fillna(usual))
        mean, std = train[numbers].mean(), train[numbers].std().replace(0, 1)
        return tuple(
            np.hstack([((t[numbers] - mean) / std).fillna(0), encoder.transform(t[text].fillna(usual))])
            for t in (train, test)
        )


@misconception(
    "preprocess",
    "A category that training does not have counts as a missing value in your arrays. It should set no indicator at "
    "all.",
)
def unseen_counts_as_missing():
    def preprocess(train, test):
        tables = [table.drop(columns=["Id", "SalePrice"], errors="ignore") for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        mean, std = tables[0][numbers].mean(), tables[0][numbers].std().replace(0, 1)
        made = []
        for table in tables:
            parts = [((table[numbers] - mean) / std).fillna(0)]
            for name in tables[0].columns.difference(numbers):
                known = sorted(tables[0][name].dropna().unique())
                values = table[name].where(table[name].isin(known))
                parts.append(pd.get_dummies(pd.Categorical(values, categories=known), dummy_na=True, dtype=float))
            made.append(np.hstack(parts))
        return made[0], made[1]


@misconception(
    "preprocess",
    "Your encoder stops with an error at a category that training does not have. New houses will have new categories: "
    "they get zeros.",
)
def unseen_is_an_error():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(sparse_output=False).fit(train[text])
        mean, std = train[numbers].mean(), train[numbers].std().replace(0, 1)
        return tuple(
            np.hstack([((t[numbers] - mean) / std).fillna(0), encoder.transform(t[text])]) for t in (train, test)
        )


@misconception(
    "preprocess",
    "You number the categories. That puts them in an order and says how far apart they are, which nobody knows; give "
    "each an indicator.",
)
def categories_numbered():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        mean, std = train[numbers].mean(), train[numbers].std().replace(0, 1)
        made = []
        for table in (train, test):
            parts = [((table[numbers] - mean) / std).fillna(0)]
            for name in text:
                codes = {category: i for i, category in enumerate(sorted(train[name].dropna().unique()))}
                parts.append(table[[name]].apply(lambda column: column.map(codes)).astype(float).fillna(-1))
            made.append(np.hstack(parts))
        return made[0], made[1]


@misconception(
    "preprocess",
    "You leave out the first category of each column. Its houses then look like those of a category that training does "
    "not have; every category has its indicator.",
)
def first_category_dropped():
    def preprocess(train, test):
        tables = [table.drop(columns=["Id", "SalePrice"], errors="ignore") for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        mean, std = tables[0][numbers].mean(), tables[0][numbers].std().replace(0, 1)
        dummies = [pd.get_dummies(t.drop(columns=numbers), dummy_na=True, dtype=float) for t in tables]
        first = [
            f"{name}_{sorted(tables[0][name].dropna().unique())[0]}" for name in tables[0].columns.difference(numbers)
        ]
        dummies[0] = dummies[0].drop(columns=first)
        dummies[1] = dummies[1].reindex(columns=dummies[0].columns, fill_value=0.0)
        made = [np.hstack([((t[numbers] - mean) / std).fillna(0), d]) for t, d in zip(tables, dummies)]
        return made[0], made[1]


@misconception(
    "preprocess",
    "You standardise the indicators as well. They should stay 0 and 1: only numeric columns are standardised.",
)
def indicators_standardised():
    def preprocess(train, test):
        from sklearn.preprocessing import StandardScaler

        tables = [table.drop(columns=["Id", "SalePrice"], errors="ignore") for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        text = tables[0].columns.difference(numbers)
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(tables[0][text])
        both = [np.hstack([t[numbers].fillna(tables[0][numbers].mean()), encoder.transform(t[text])]) for t in tables]
        scaler = StandardScaler().fit(both[0])
        return scaler.transform(both[0]), scaler.transform(both[1])


@misconception("preprocess", "Id is among your features. The number of a row says nothing about the house: drop it.")
def id_kept():
    def preprocess(train, test):
        tables = [table.drop(columns=["SalePrice"], errors="ignore") for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        text = tables[0].columns.difference(numbers)
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(tables[0][text])
        mean, std = tables[0][numbers].mean(), tables[0][numbers].std().replace(0, 1)
        made = [np.hstack([((t[numbers] - mean) / std).fillna(0), encoder.transform(t[text])]) for t in tables]
        return made[0], made[1]


@misconception(
    "preprocess",
    "The price is among your features: X_train holds the answers, and test has no such column.",
)
def price_kept():
    def preprocess(train, test):
        train, test = train.drop(columns="Id"), test.drop(columns="Id").assign(SalePrice=np.nan)
        numbers = train.select_dtypes("number").columns
        text = train.columns.difference(numbers)
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        mean, std = train[numbers].mean(), train[numbers].std().replace(0, 1)
        made = [np.hstack([((t[numbers] - mean) / std).fillna(0), encoder.transform(t[text])]) for t in (train, test)]
        return made[0], made[1]


@misconception(
    "preprocess",
    "You replace each category by the mean price of its houses. That may help a model, but it carries prices into the "
    "features; the contract asks for indicators.",
)
def categories_by_their_prices():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        mean, std = train[numbers].mean(), train[numbers].std().replace(0, 1)
        made = []
        for table in (train, test):
            parts = [((table[numbers] - mean) / std).fillna(0)]
            for name in text:
                prices = train.groupby(name)["SalePrice"].mean() / train["SalePrice"].mean()
                parts.append(table[name].map(prices).fillna(1.0).to_numpy(dtype=float)[:, None])
            made.append(np.hstack(parts))
        return made[0], made[1]


@misconception(
    "preprocess",
    "Your arrays hold objects or booleans, because indicators of booleans were glued to numbers. Models need floats.",
)
def not_floats():
    def preprocess(train, test):
        tables = [table.drop(columns=["Id", "SalePrice"], errors="ignore") for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        mean, std = tables[0][numbers].mean(), tables[0][numbers].std().replace(0, 1)
        made = []
        for table in tables:
            dummies = pd.get_dummies(table.drop(columns=numbers), dummy_na=True)
            made.append(pd.concat([((table[numbers] - mean) / std).fillna(0), dummies], axis=1))
        made[1] = made[1].reindex(columns=made[0].columns, fill_value=False)
        return made[0].values, made[1].values


@misconception(
    "preprocess",
    "You drop the rows with a gap. Each house needs a row: a test house with a gap has to be predicted as well.",
)
def rows_with_gaps_dropped():
    def preprocess(train, test):
        tables = [table.drop(columns=["Id", "SalePrice"], errors="ignore").dropna() for table in (train, test)]
        numbers = tables[0].select_dtypes("number").columns
        text = tables[0].columns.difference(numbers)
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(tables[0][text])
        mean, std = tables[0][numbers].mean(), tables[0][numbers].std().replace(0, 1)
        made = [np.hstack([(t[numbers] - mean) / std, encoder.transform(t[text])]) for t in tables]
        return made[0], made[1]


@misconception(
    "preprocess",
    "You use the numeric columns alone. The categorical ones (the neighbourhood!) belong to the features too.",
)
def numbers_alone():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        mean, std = train[numbers].mean(), train[numbers].std().replace(0, 1)
        return tuple(((t[numbers] - mean) / std).fillna(0).to_numpy() for t in (train, test))


@misconception("preprocess", "You write into train and test themselves. The caller still needs them: work on copies.")
def arguments_changed():
    def preprocess(train, test):
        numbers = train.drop(columns=["Id", "SalePrice"]).select_dtypes("number").columns
        text = train.columns.difference([*numbers, "Id", "SalePrice"])
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[text])
        mean, std = train[numbers].mean(), train[numbers].std().replace(0, 1)
        for table in (train, test):
            table[numbers] = ((table[numbers] - mean) / std).fillna(0)
        return tuple(np.hstack([t[numbers], encoder.transform(t[text])]) for t in (train, test))
