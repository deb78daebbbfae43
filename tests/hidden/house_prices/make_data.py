"""The houses of the assignment ``house_prices``: a table in the manner of Ames, from a generating process of our own.

    python tests/hidden/house_prices/make_data.py            write train.csv and test.csv into source/house_prices/
    python tests/hidden/house_prices/make_data.py --check    fail where they are not what this program makes

Nothing here is anybody's data. The names of the columns follow the Ames housing data (De Cock, "Ames, Iowa: Alternative
to the Boston Housing Data as an End of Semester Regression Project", Journal of Statistics Education 19(3), 2011), so
that what is learned here carries over to the real table.

**Towns.** Prices are made by a town: its general level, the premium of each of its neighbourhoods, and what it pays for
size, quality and the rest. The released rows are all of town 0. The hidden checks draw other towns, so that neither the
released rows nor a model of their prices is of any use there: only what is learned from the rows that were handed in.

**Prices.** The logarithm of a price is the sum of

    the level, the premium of the neighbourhood
    elasticity * log(GrLivArea / 1500), more in a dear neighbourhood and less in a cheap one
    quality (more a step from 8 on), condition, age (up to 60 years), kitchen, basement, garage, fireplaces, lot
    zoning, type of building, air conditioning, kind of sale, and the market's rise from year to year
    noise: 0.09 times Student's t with 6 degrees of freedom, a standard deviation of 0.11

**Missing values** come about in four ways:

    structural          no garage, basement or fireplace: GarageYrBlt, GarageType, BsmtQual, FireplaceQu are missing
    at random, wholly   3 % of MasVnrArea and 1.5 % of Electrical, whatever the house
    at random           LotFrontage: in 8 % of the regular lots and 35 % of the others, which LotShape tells
    not at random       KitchenQual: in 2 % of the houses, but in 40 % of those with a poor kitchen, the cheaper ones

**Traps.** KitchenAbvGr is 1 everywhere. One test house has a zoning ("A", agriculture) that no training house has.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
RELEASED = HERE.parents[2] / "source" / "house_prices"
TRAINING_ROWS, TEST_ROWS = 420, 280
SEED = 41  # of the released rows, such that the zoning "A" is among the test rows alone

NEIGHBORHOODS = (
    "Brookside", "ClearCreek", "CollegePark", "Edwards", "Gilbert", "MeadowVillage",
    "NorthRidge", "OldTown", "Sawyer", "Somerset", "StoneBridge", "Timberland",
)  # fmt: skip
GRADES = ("Fa", "TA", "Gd", "Ex")  # fair, typical, good, excellent
KITCHEN = {"Fa": -0.10, "TA": 0.0, "Gd": 0.03, "Ex": 0.08}
BASEMENT = {"Fa": -0.03, "TA": 0.0, "Gd": 0.03, "Ex": 0.08}
ZONING = {"RL": (0.80, 0.0), "RM": (0.13, -0.06), "FV": (0.066, 0.05), "A": (0.004, -0.20)}  # share, effect
BUILDING = {"1Fam": (0.82, 0.0), "TwnhsE": (0.10, -0.03), "Duplex": (0.08, -0.08)}
SALE = {"Normal": (0.84, 0.0), "Abnorml": (0.08, -0.13), "Partial": (0.08, 0.06)}
STYLES, SHAPES, FOUNDATIONS = ("1Story", "2Story", "SLvl"), ("Reg", "IR1", "IR2"), ("PConc", "CBlock", "BrkTil")


@dataclass(frozen=True)
class Town:
    """What a town pays, in logarithms of prices."""

    level: float  # of a typical house
    premiums: np.ndarray  # of each neighbourhood
    elasticity: float  # of the living area
    quality: float  # of one step of OverallQual
    ageing: float  # of ten years


def draw_town(number: int) -> Town:
    """Town 0 is the released one."""
    rng = np.random.default_rng([7, number])
    premiums = rng.permutation(np.linspace(-0.22, 0.22, len(NEIGHBORHOODS)))
    return Town(
        level=rng.uniform(12.4, 12.7) if number else 11.95,  # the others are dearer
        premiums=premiums,
        elasticity=rng.uniform(0.6, 0.7),
        quality=rng.uniform(0.10, 0.12),
        ageing=rng.uniform(0.025, 0.035),
    )


def draw_houses(rows: int, town: int, seed: int) -> pd.DataFrame:
    """``rows`` houses of a town with their prices; Id counts from 1. The same seed gives the same houses."""
    rng = np.random.default_rng([town, seed])
    prices = draw_town(town)
    neighborhood = rng.integers(len(NEIGHBORHOODS), size=rows)
    zoning, building, sale = (_choice(rng, rows, table) for table in (ZONING, BUILDING, SALE))
    shape = rng.choice(SHAPES, rows, p=[0.63, 0.33, 0.04])
    sold = rng.integers(2006, 2011, size=rows)
    built = np.minimum(sold - 1, (1890 + 118 * rng.beta(2.2, 1.2, rows)).astype(int))
    remodelled = np.where(rng.random(rows) < 0.45, rng.integers(built, sold), built)
    standing = 0.8 * rng.standard_normal(rows) + 0.025 * (built - 1970) + 3.0 * prices.premiums[neighborhood]
    quality = np.clip(np.round(6.0 + standing), 2, 10).astype(int)
    condition = np.clip(np.round(5.5 + rng.standard_normal(rows)), 2, 9).astype(int)
    grade = [np.clip(np.round(1.3 + 0.4 * standing + 0.6 * rng.standard_normal(rows)), 0, 3).astype(int) for _ in "123"]
    kitchen, exterior, cellar = (np.array(GRADES)[steps] for steps in grade)
    area = np.exp(7.28 + 0.08 * standing + 0.28 * rng.standard_normal(rows)).astype(int)
    lot = np.exp(9.1 + 0.25 * (shape != "Reg") + 0.35 * rng.standard_normal(rows)).astype(int)
    frontage = np.round(0.75 * np.sqrt(lot) * np.exp(0.15 * rng.standard_normal(rows)))
    basement = np.where(rng.random(rows) < 0.05, 0, (area * rng.uniform(0.35, 0.95, rows)).astype(int))
    cars = np.clip(np.round(1.6 + 0.3 * standing + 0.5 * rng.standard_normal(rows)), 0, 3).astype(int)
    garage = np.where(cars > 0, np.round(230 * cars + 40 * rng.standard_normal(rows)), 0).astype(int)
    fireplaces = np.clip(np.round(0.5 + 0.3 * standing + 0.6 * rng.standard_normal(rows)), 0, 3).astype(int)
    veneer = np.where(rng.random(rows) < 0.55, 0.0, np.round(rng.gamma(2.0, 110.0, rows)))
    air = np.where(rng.random(rows) < np.where(built < 1950, 0.25, 0.02), "N", "Y")
    size = np.log(area / 1500)
    log_price = (
        prices.level
        + prices.premiums[neighborhood]
        + prices.elasticity * size * (1 + 1.2 * prices.premiums[neighborhood])
        + prices.quality * (quality - 6 + 0.5 * np.maximum(quality - 7, 0))
        + 0.025 * (condition - 5)
        - prices.ageing * np.minimum(sold - remodelled, 60) / 10
        + pd.Series(kitchen).map(KITCHEN).to_numpy()
        + np.where(basement > 0, pd.Series(cellar).map(BASEMENT) + 1e-4 * (basement - 900), -0.15)
        + 0.04 * np.minimum(cars, 2)
        + 0.03 * np.minimum(fireplaces, 2)
        + 0.08 * np.log(lot / 9000)
        + sum(_effects(*pair) for pair in ((zoning, ZONING), (building, BUILDING), (sale, SALE)))
        - 0.08 * (air == "N")
        + 0.02 * (sold - 2008)
        + 0.09 * rng.standard_t(6, rows)
    )
    houses = pd.DataFrame(
        {
            "Id": np.arange(1, rows + 1),
            "MSZoning": zoning,
            "LotFrontage": frontage,
            "LotArea": lot,
            "LotShape": shape,
            "Neighborhood": np.array(NEIGHBORHOODS)[neighborhood],
            "BldgType": building,
            "HouseStyle": np.where(building == "1Fam", rng.choice(STYLES, rows), "2Story"),
            "OverallQual": quality,
            "OverallCond": condition,
            "YearBuilt": built,
            "YearRemodAdd": remodelled,
            "MasVnrArea": veneer,
            "ExterQual": exterior,
            "Foundation": np.where(built > 1985, "PConc", rng.choice(FOUNDATIONS, rows, p=[0.2, 0.5, 0.3])),
            "BsmtQual": np.where(basement > 0, cellar, None),
            "TotalBsmtSF": basement,
            "CentralAir": air,
            "Electrical": np.where(rng.random(rows) < 0.1, "Fuse", "SBrkr"),
            "GrLivArea": area,
            "FullBath": np.clip(np.round(area / 900 + 0.4 * rng.standard_normal(rows)), 1, 3).astype(int),
            "BedroomAbvGr": np.clip(np.round(area / 550 + 0.6 * rng.standard_normal(rows)), 1, 6).astype(int),
            "KitchenAbvGr": 1,
            "KitchenQual": kitchen,
            "Fireplaces": fireplaces,
            "FireplaceQu": np.where(fireplaces > 0, rng.choice(GRADES, rows), None),
            "GarageType": np.where(
                cars > 0, rng.choice(["Attchd", "Detchd", "BuiltIn"], rows, p=[0.6, 0.3, 0.1]), None
            ),
            "GarageYrBlt": np.where(cars > 0, np.minimum(built + rng.poisson(2, rows), sold), np.nan),
            "GarageCars": cars,
            "GarageArea": garage,
            "MoSold": rng.integers(1, 13, size=rows),
            "YrSold": sold,
            "SaleCondition": sale,
            "SalePrice": (100 * np.round(np.exp(log_price) / 100)).astype(int),
        }
    )
    lose(houses, "MasVnrArea", rng.random(rows) < 0.03)
    lose(houses, "Electrical", rng.random(rows) < 0.015)
    lose(houses, "LotFrontage", rng.random(rows) < np.where(shape == "Reg", 0.08, 0.35))
    lose(houses, "KitchenQual", rng.random(rows) < np.where(kitchen == "Fa", 0.40, 0.02))
    return houses


def lose(houses: pd.DataFrame, column: str, where: np.ndarray) -> None:
    """Make entries of a column missing, in place."""
    houses.loc[where, column] = np.nan if houses[column].dtype.kind == "f" else None


def split(houses: pd.DataFrame, training_rows: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """(train, test, the prices of test): the rest is the test set, which has no SalePrice."""
    train, test = houses.iloc[:training_rows], houses.iloc[training_rows:].reset_index(drop=True)
    return train, test.drop(columns="SalePrice"), test["SalePrice"].to_numpy(dtype=float)


def csv_files() -> dict[str, str]:
    """The texts of the released files, by name."""
    train, test, _ = split(draw_houses(TRAINING_ROWS + TEST_ROWS, 0, SEED), TRAINING_ROWS)
    return {name: table.to_csv(index=False, lineterminator="\n") for name, table in (("train", train), ("test", test))}


def differing(directory: Path = RELEASED) -> list[str]:
    """The names of the files in ``directory`` that are missing or not what ``csv_files`` makes."""
    made = {f"{name}.csv": text.encode() for name, text in csv_files().items()}
    return [name for name in made if not (path := directory / name).is_file() or path.read_bytes() != made[name]]


def main() -> None:
    """Write the released files, or check them."""
    if "--check" in sys.argv[1:]:
        sys.exit(f"not what make_data.py makes: {', '.join(found)}" if (found := differing()) else 0)
    for name, text in csv_files().items():
        (RELEASED / f"{name}.csv").write_text(text)


def _choice(rng: np.random.Generator, rows: int, table: dict[str, tuple[float, float]]) -> np.ndarray:
    return rng.choice(list(table), rows, p=[share for share, _ in table.values()])


def _effects(values: np.ndarray, table: dict[str, tuple[float, float]]) -> np.ndarray:
    return np.array([table[value][1] for value in values])


if __name__ == "__main__":
    main()
