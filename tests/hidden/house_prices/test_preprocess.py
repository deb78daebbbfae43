"""Hidden checks of ``preprocess``: properties that every right table of numbers has.

The order and the number of columns are the student's choice. So a check asks whether the column that must be there is
somewhere among those of X_train and X_test, the same one in both. Each check has tables that differ from plain ones in
one respect only (a gap, a constant, a new category), so that one slip costs the points of one check.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autograder.compare import assert_all, observe

pytestmark = pytest.mark.exercise("preprocess")

# Entries are of size 1. float32 is off by 1e-6, a divisor of s + 1e-8 by less. The nearest mistake is a standard
# deviation of other rows: some 0.1 (the two divisors n and n - 1, both right, differ by 0.008 already).
ATOL = 1e-4
TWO_VALUES = "should be standardised with the mean and deviation of its training rows"
N, M = 60, 30  # training and test rows
NUMBERS = ("Area", "Rooms", "Year")
TEXT = {"Roof": ("Flat", "Gable", "Hip"), "Street": ("Gravel", "Paved"), "Zone": ("A", "B", "C", "D")}


def houses(n, shift=0.0):
    """n houses with every category of TEXT and no gaps; ``shift`` moves the numbers, in standard deviations."""
    table = {
        "Id": 1_000_000 * np.random.permutation(10 * n)[:n] + 1,
        "Area": 1500 + 400 * (np.random.randn(n) + shift),
        "Rooms": np.random.randint(1, 9, n) + round(2 * shift),
        "Year": np.random.randint(1900, 2010, n) + round(30 * shift),
    }
    for name, categories in TEXT.items():
        table[name] = np.random.permutation(np.resize(categories, n))
    table["SalePrice"] = np.round(150_000 * np.exp(0.4 * np.random.randn(n)))
    return pd.DataFrame(table)


def tables():
    """(train, test): the test houses are larger and newer, and have no SalePrice."""
    return houses(N), houses(M, shift=1.0).drop(columns="SalePrice")


def with_gaps(table, name, share=0.25, at_least=3):
    """A copy with missing values in one column."""
    table = table.copy()
    where = np.random.permutation(len(table))[: max(at_least, int(share * len(table)))]
    if table[name].dtype.kind == "i":
        table[name] = table[name].astype(float)
    table.loc[where, name] = np.nan if table[name].dtype.kind == "f" else None
    return table


def standardised(seen, values):
    """``values`` by the mean of the present ones among ``seen``, missing ones 0: by each right standard deviation.

    The sum of squares may be divided by the number of present values or, with the mean in the gaps, of all values; or
    by one less.
    """
    present = seen.dropna()
    squares = float(((present - present.mean()) ** 2).sum())
    divisors = {len(present), len(present) - 1, len(seen), len(seen) - 1}
    return [((values - present.mean()) / np.sqrt(squares / d)).fillna(0.0).to_numpy(dtype=float) for d in divisors]


def columns_like(X, wanted):
    """For each column of X, whether it is the wanted one; NaN is never."""
    with np.errstate(all="ignore"):
        return (np.abs(X - wanted[:, None]) <= ATOL).all(axis=0)


def holds(X_train, X_test, pairs):
    """Whether one of the wanted (training, test) pairs of columns is there, as the same column of both arrays."""
    for in_train, in_test in pairs:
        train_like, test_like = columns_like(X_train, in_train), columns_like(X_test, in_test)
        if train_like.shape == test_like.shape:
            found = (train_like & test_like).any()
        else:  # a check of its own says so
            found = train_like.any() and test_like.any()
        if found:
            return True
    return False


def holds_number(X, train, test, name):
    return holds(*X, zip(standardised(train[name], train[name]), standardised(train[name], test[name]), strict=True))


def holds_indicator(X, train, test, name, category):
    pair = [(table[name] == category).to_numpy(dtype=float) for table in (train, test)]
    return holds(*X, [pair])


def observe_number(X, values, what):
    """Log what was made of a numeric column: mean, deviation, and what is where it was missing, in two digits.

    It is found by its correlation with the values that are there, so whatever it was scaled by.
    """
    there = values.notna().to_numpy()
    with np.errstate(all="ignore"):
        correlations = [np.corrcoef(column[there], values[there])[0, 1] if np.ptp(column) else 0.0 for column in X.T]
    alike = [column for column, r in zip(X.T, correlations, strict=True) if abs(r) > 1 - 1e-6]
    found = "no such column"
    if alike:
        column = alike[0]
        gaps = [] if there.all() else [column[~there][0]]
        found = ", ".join(f"{number:.2g}" for number in (column[there].mean(), column[there].std(), *gaps))
    observe(what, found)


def observe_two_valued(X_train):
    """Log how many columns have two values, as indicators do, and whether these are 0 and 1."""
    pairs = [values for column in X_train.T if len(values := np.unique(np.round(column, 6))) == 2]
    observe("columns of two values", float(len(pairs)))
    observe("columns of 0 and 1", float(sum(np.array_equal(values, [0, 1]) for values in pairs)))


def assert_not_empty(X_train, train):
    """What should not be among the features says nothing where nothing is among them."""
    numbers = any(
        columns_like(X_train, column).any() for name in NUMBERS for column in standardised(train[name], train[name])
    )
    names = [(name, category) for name, categories in TEXT.items() for category in categories]
    words = any(
        columns_like(X_train, (train[name] == category).to_numpy(dtype=float)).any() for name, category in names
    )
    assert_all(numbers or words, "should hold features of the table", what="X_train")


def same_columns(one, other):
    """Whether two arrays have the same columns, in any order."""
    if one.shape != other.shape:
        return False
    return all(columns_like(other, column).any() for column in one.T) and all(
        columns_like(one, column).any() for column in other.T
    )


def assert_without(X, values, what):
    """No column of X may be a multiple of these values, shifted or not."""
    with np.errstate(all="ignore"):
        alike = [abs(np.corrcoef(column, values)[0, 1]) > 1 - 1e-6 for column in X.T if np.ptp(column) > ATOL]
    assert_all(not any(alike), f"should not be among the features, but a column tells {what}", what=what)


def test_form(student, with_either_text):
    """X_train and X_test are arrays of floats with the same number of columns, and a row for each house."""
    train, test = tables()

    def check(preprocessed):
        X, kinds = preprocessed(train, test)
        assert_not_empty(X[0], train)
        assert_all(X[0].shape[1] == X[1].shape[1], "should have the same number of columns", what="X_train and X_test")
        for name, (kind, dtype) in zip(("X_train", "X_test"), kinds, strict=True):
            array = kind in ("ndarray", "Tensor", "list", "tuple")
            assert_all(array, f"should be an array, but is a {kind[:40]}", what=name)
            floats = "float" in dtype or kind in ("list", "tuple")
            assert_all(floats, f"should hold floats, but its dtype is {dtype[:40]}", what=name)

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=3)
def test_training_numbers(student, with_either_text):
    """In X_train each numeric column has mean 0 and standard deviation 1."""
    train, test = tables()

    def check(preprocessed):
        (X_train, _), _ = preprocessed(train, test)
        observe_number(X_train, train["Area"], "Area in X_train")
        for name in NUMBERS:
            there = any(columns_like(X_train, column).any() for column in standardised(train[name], train[name]))
            assert_all(there, "should be there, standardised", what="each numeric column of train")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=4)
def test_numbers_of_test(student, with_either_text):
    """The numeric columns of test are standardised with the mean and standard deviation of the training rows."""
    train, test = tables()

    def check(preprocessed):
        X, _ = preprocessed(train, test)
        observe_number(X[1], test["Area"], "Area in X_test")
        for name in NUMBERS:
            there = holds_number(X, train, test, name)
            assert_all(there, "should be measured by the training rows", what="each numeric column of test")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=3)
def test_missing_numbers(student, with_either_text):
    """A missing number becomes 0, the mean of a standardised column; mean and deviation are those of what is there."""
    train, test = (with_gaps(table, "Area") for table in tables())

    def check(preprocessed):
        X, _ = preprocessed(train, test)
        observe_number(X[0], train["Area"], "Area in X_train")
        observe_number(X[1], test["Area"], "Area in X_test")
        there = holds_number(X, train, test, "Area")
        assert_all(there, "should be standardised, with 0 where it was missing", what="a numeric column with gaps")

    with_either_text(student, check)


def test_numbers_missing_in_test_alone(student, with_either_text):
    """A number may be missing in test where none is in training: it becomes 0 as well."""
    train, test = tables()
    test = with_gaps(test, "Rooms")

    def check(preprocessed):
        X, _ = preprocessed(train, test)
        observe_number(X[1], test["Rooms"], "Rooms in X_test")
        there = holds_number(X, train, test, "Rooms")
        assert_all(there, "should be standardised, with 0 where it was missing", what="a numeric column with gaps")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=5)
def test_categories(student, with_either_text):
    """Each category of each categorical column has an indicator: 1 in its rows and 0 in the others."""
    train, test = tables()

    def check(preprocessed):
        X, _ = preprocessed(train, test)
        observe_two_valued(X[0])
        for name, categories in TEXT.items():
            for category in categories:
                there = holds_indicator(X, train, test, name, category)
                assert_all(there, "should have an indicator of 0 and 1", what="each category")

    with_either_text(student, check)


def test_category_without_test_rows(student, with_either_text):
    """A category that no test row has keeps its indicator: the columns are those of the training rows."""
    train, test = tables()
    test["Zone"] = test["Zone"].replace({"B": "C"})

    def check(preprocessed):
        X, _ = preprocessed(train, test)
        assert_all(X[0].shape[1] == X[1].shape[1], "should have the same number of columns", what="X_train and X_test")
        for category in TEXT["Zone"]:
            there = holds_indicator(X, train, test, "Zone", category)
            assert_all(there, "should not change the indicators", what="a category that test lacks")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=3)
def test_missing_categories(student, with_either_text):
    """A missing category has an indicator of its own, and all others of its column are 0."""
    train, test = (with_gaps(table, "Roof") for table in tables())

    def check(preprocessed):
        X, _ = preprocessed(train, test)
        right = [holds_indicator(X, train, test, "Roof", category) for category in TEXT["Roof"]]
        observe("indicators that are 0 where the category is missing", float(sum(right)))
        gaps = [table["Roof"].isna().to_numpy(dtype=float) for table in (train, test)]
        assert_all(holds(*X, [gaps]), "should have an indicator of their own", what="missing categories")
        assert_all(all(right), "should be 0 where the category is missing", what="the other indicators")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=3)
def test_unseen_category(student, with_either_text):
    """A category that training does not have gets zeros: it sets no indicator at all."""
    train, test = tables()
    train = with_gaps(train, "Zone")  # so that there is an indicator for missing ones, which is not for new ones
    # Three houses that are alike but for the zone, one known and two unknown. (Their Ids differ by next to nothing.)
    alike = test.iloc[[0, 0, 0]].assign(Zone=["A", "X", "Y"], Id=test["Id"][0] + np.arange(3))
    test = pd.concat([alike, test[3:]], ignore_index=True)

    def check(preprocessed):
        (X_train, X_test), _ = preprocessed(train, test)
        assert_all(X_train.shape[1] == X_test.shape[1], "should have the same number of columns", what="both arrays")
        with np.errstate(all="ignore"):  # infinite entries are possible
            different = bool((np.abs(X_test[1] - X_test[2]) > ATOL).any())
            differences = [X_test[0] - X_test[unknown] for unknown in (1, 2)]  # what the known zone has in addition
        observe("two unknown categories", "are told apart" if different else "are the same")
        for added in differences:
            zeros = bool((added >= -ATOL).all() and (added > 1 - ATOL).any())
            assert_all(zeros, "should be 0 in all indicators", what="a category that training does not have")

    with_either_text(student, check)


def test_constant_column(student, with_either_text):
    """A numeric column with one value only becomes zeros, and nothing is divided by 0."""
    train, test = (table.assign(Kitchens=7.0) for table in tables())
    differs = test.assign(Kitchens=np.where(np.arange(len(test)) % 2, 7.0, 9.0))

    def check(preprocessed):
        # What becomes of a test row that differs is left open (0, or the difference), but it is a number.
        for rows in (test, differs):
            for name, table in zip(("X_train", "X_test"), preprocessed(train, rows)[0], strict=True):
                assert_all(bool(np.isfinite(table).all()), "should hold no NaN and nothing infinite", what=name)
        X_train, X_test = preprocessed(train, test)[0]
        assert_not_empty(X_train, train)
        still = np.ptp(X_train, axis=0) <= ATOL
        fits = X_train.shape[1] == X_test.shape[1]
        values = np.vstack([X_train, X_test])[:, still] if fits else X_train[:, still]
        # A column of ones is no constant column of the table, but an intercept.
        zeros = bool(((np.abs(values) <= ATOL) | (np.abs(values - 1) <= ATOL)).all())
        assert_all(zeros, "should be zeros", what="a constant column")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=0.5)
def test_column_of_two_values(student, with_either_text):
    """A numeric column with two values only is standardised like every other."""
    train, test = (table.assign(HalfBath=np.arange(len(table)) % 3 // 2 + 1.0) for table in tables())

    def check(preprocessed):
        X, _ = preprocessed(train, test)
        assert_all(holds_number(X, train, test, "HalfBath"), TWO_VALUES, what="a numeric column of two values")

    with_either_text(student, check)


def test_id_is_no_feature(student, with_either_text):
    """The column Id is dropped: the number of a row says nothing about a house."""
    train, test = tables()

    def check(preprocessed):
        (X_train, X_test), _ = preprocessed(train, test)
        assert_not_empty(X_train, train)
        assert_without(X_train, train["Id"], "the Id")
        assert_without(X_test, test["Id"], "the Id")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=6)
def test_price_is_no_feature(student, with_either_text):
    """SalePrice is dropped, and no feature depends on it."""
    train, test = tables()
    other = train.assign(SalePrice=np.random.permutation(train["SalePrice"]) * 2)

    def check(preprocessed):
        (X_train, X_test), _ = preprocessed(train, test)
        assert_not_empty(X_train, train)
        assert_without(X_train, train["SalePrice"], "the SalePrice")
        assert_without(X_train, np.log(train["SalePrice"]), "the SalePrice")
        (other_train, other_test), _ = preprocessed(other, test)
        same = same_columns(X_train, other_train) and same_columns(X_test, other_test)
        assert_all(same, "should be the same for other prices", what="X_train and X_test")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=3)
def test_training_rows_see_nothing_of_test(student, with_either_text):
    """Other test rows leave X_train as it is: nothing is learned from them."""
    train, test = tables()
    other = houses(M + 15, shift=-1.5).drop(columns="SalePrice")

    def check(preprocessed):
        (X_train, _), _ = preprocessed(train, test)
        (X_again, _), _ = preprocessed(train, other)
        assert_not_empty(X_train, train)
        assert_all(same_columns(X_train, X_again), "should not depend on the test rows", what="X_train")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=2)
def test_each_test_row_by_itself(student, with_either_text):
    """What becomes of a test row depends on that row and on training, and not on the other test rows."""
    train, test = tables()
    test = with_gaps(test, "Area")
    other = pd.concat([test[:10], houses(M, shift=-1.0).drop(columns="SalePrice")], ignore_index=True)

    def check(preprocessed):
        (X_train, X_test), _ = preprocessed(train, test)
        (_, X_again), _ = preprocessed(train, other)
        assert_not_empty(X_train, train)
        assert_all(same_columns(X_test[:10], X_again[:10]), "should not depend on the others", what="a test row")

    with_either_text(student, check)


def test_table_of_the_notebook(student, with_either_text, houses):
    """A table like that of the notebook, with gaps of every kind, becomes numbers without a gap."""
    train, test, _ = houses.split(houses.draw_houses(200, 3, 3), 120)

    def check(preprocessed):
        X, _ = preprocessed(train, test)
        for name, table in zip(("X_train", "X_test"), X, strict=True):
            assert_all(bool(np.isfinite(table).all()), "should hold no NaN and nothing infinite", what=name)
        assert_all(X[0].shape[1] == X[1].shape[1], "should have the same number of columns", what="X_train and X_test")
        for name in ("LotFrontage", "GarageYrBlt", "GrLivArea"):
            there = holds_number(X, train, test, name)
            assert_all(there, "should be there, standardised", what="each numeric column")

    with_either_text(student, check)


@pytest.mark.exercise("preprocess", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, with_either_text):
    """train and test themselves are not changed: work on copies."""
    train, test = (with_gaps(with_gaps(table, "Area"), "Roof") for table in tables())
    with_either_text(student, lambda preprocessed: preprocessed(train, test, guard=True))
