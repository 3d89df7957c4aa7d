"""What pandas and scikit-learn answer for declared transformations of features: writes oracle.json beside this file.

`node scripts/python-environment.mjs test/oracles/feature-transformations` makes the environment, then
`test/oracles/feature-transformations/.venv/bin/python test/oracles/feature-transformations/generate.py`.
The frames are made up with a fixed seed. A missing value is null, whether it is None or NaN.
"""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from sklearn.feature_extraction import FeatureHasher
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

STATISTICS = {
    "MEAN": "mean",
    "STANDARD_DEVIATION": "std",
    "MINIMUM": "min",
    "MAXIMUM": "max",
    "SUM": "sum",
    "COUNT": "count",
}

TYPES = {
    "row": "INT64",
    "user": "STRING",
    "at": "TIMESTAMP",
    "amount": "FLOAT64",
    "visits": "INT64",
    "channel": "STRING",
    "premium": "BOOLEAN",
    "level": "FLOAT64",
    "constant": "FLOAT64",
}


def frame(seed: int, rows: int, users: list[str]) -> pd.DataFrame:
    """Rows in no order of time, with ties of it, missing values, and `solo`, who has one row alone."""
    random = np.random.default_rng(seed)
    seconds = random.integers(0, rows * 40, rows)
    seconds[rows // 2 : rows // 2 + 6] = seconds[0]
    amount = np.round(random.lognormal(3, 1, rows), 2)
    amount[random.random(rows) < 0.12] = math.nan
    amount[3] = 0.0
    data = pd.DataFrame(
        {
            "row": np.arange(rows),
            "user": random.choice(users, rows),
            "at": pd.Timestamp("2023-12-30T23:50:00") + pd.to_timedelta(seconds * 61, unit="s"),
            "amount": amount,
            "visits": pd.array(random.integers(0, 9, rows), dtype="Int64"),
            "channel": random.choice(np.array(["web", "app", "Größe", "店", "web shop", None], dtype=object), rows),
            "premium": random.random(rows) < 0.4,
            "level": random.normal(-5, 1e-3, rows),
            "constant": np.full(rows, 7.1),
        }
    )
    data.loc[random.random(rows) < 0.1, "visits"] = pd.NA
    data.loc[rows - 1, "user"] = "solo"
    data.loc[rows - 2, "user"] = None
    return data


train = frame(seed=7, rows=90, users=["ann", "bob", "cid:1"])
serve = frame(seed=11, rows=30, users=["ann", "bob", "dora"])
serve.loc[4, ["amount", "level"]] = [1e6, 4.0]
serve.loc[5, "amount"] = -3.5
serve.loc[6, "channel"] = "never seen"

cases: list[dict] = []


def plain(value: object) -> object:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.value / 1e6
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value)
    return value


def column(values) -> list:
    return [plain(value) for value in (values.tolist() if hasattr(values, "tolist") else list(values))]


def case(name: str, steps: list[dict], train_columns: dict, serve_columns: dict | None = None) -> None:
    expected = {"train": {key: column(values) for key, values in train_columns.items()}}
    if serve_columns is not None:
        expected["serve"] = {key: column(values) for key, values in serve_columns.items()}
    cases.append({"name": name, "steps": steps, "expected": expected})


def numbers(data: pd.DataFrame, name: str) -> pd.Series:
    return data[name].astype("float64")


def by_time(data: pd.DataFrame) -> pd.DataFrame:
    return data.sort_values("at", kind="stable")


def grouped(data: pd.DataFrame, keys: list[str]):
    return by_time(data).groupby(keys, dropna=False, sort=False)


# Calendar
PARTS = {
    "MINUTE": lambda at: at.dt.minute,
    "HOUR": lambda at: at.dt.hour,
    "DAY_OF_WEEK": lambda at: at.dt.dayofweek,
    "DAY_OF_MONTH": lambda at: at.dt.day,
    "DAY_OF_YEAR": lambda at: at.dt.dayofyear,
    "WEEK_OF_YEAR": lambda at: at.dt.isocalendar().week,
    "MONTH": lambda at: at.dt.month,
    "QUARTER": lambda at: at.dt.quarter,
    "YEAR": lambda at: at.dt.year,
    "IS_WEEKEND": lambda at: (at.dt.dayofweek >= 5),
}
case(
    "calendar parts",
    [{"kind": "CALENDAR_PART", "input": "at", "part": part, "output": part.lower()} for part in PARTS],
    {part.lower(): of(train["at"]) for part, of in PARTS.items()},
    {part.lower(): of(serve["at"]) for part, of in PARTS.items()},
)


# Windows
def rolled(data: pd.DataFrame, name: str, window, statistic: str, keys: list[str], minimum=None) -> pd.Series:
    def of(part: pd.DataFrame) -> pd.Series:
        values = part[name].astype("float64")
        on_time = values.set_axis(part["at"]) if isinstance(window, str) else values
        return getattr(on_time.rolling(window, min_periods=minimum), STATISTICS[statistic])().set_axis(part.index)

    ordered = by_time(data)
    if not keys:
        return of(ordered).reindex(data.index)
    return pd.concat([of(part) for _, part in ordered.groupby(keys, dropna=False)]).reindex(data.index)


for title, window, text, minimum, keys in [
    ("5 rows", {"rows": 5}, 5, None, ["user"]),
    ("10 rows, at least 2", {"rows": 10}, 10, 2, ["user"]),
    ("3 rows of everybody", {"rows": 3}, 3, None, []),
    ("1 row", {"rows": 1}, 1, None, ["user"]),
    ("6 hours", {"durationMs": 6 * 3600 * 1000}, "6h", None, ["user"]),
    ("a day of everybody, at least 3", {"durationMs": 86400 * 1000}, "1D", 3, []),
]:
    for name in ["amount", "level", "constant", "visits"]:
        steps = []
        for statistic in STATISTICS:
            step = {"kind": "ROLLING", "input": name, "statistic": statistic, "window": window}
            step["output"] = statistic.lower()
            if minimum is not None:
                step["minimumPeriods"] = minimum
            if keys == []:
                step["partitionBy"] = []
            steps.append(step)
        case(
            f"rolling over {title}: {name}",
            steps,
            {each.lower(): rolled(train, name, text, each, keys, minimum) for each in STATISTICS},
        )

for rows in [1, 3]:
    case(
        f"lag and difference over {rows}",
        [
            {"kind": "LAG", "input": "amount", "rows": rows, "output": "lag"},
            {"kind": "LAG", "input": "channel", "rows": rows, "output": "lag_channel"},
            {"kind": "DIFFERENCE", "input": "amount", "rows": rows, "output": "difference"},
            {"kind": "DIFFERENCE", "input": "visits", "rows": rows, "output": "difference_visits"},
        ],
        {
            "lag": grouped(train, ["user"])["amount"].shift(rows).reindex(train.index),
            "lag_channel": grouped(train, ["user"])["channel"].shift(rows).reindex(train.index),
            "difference": grouped(train, ["user"])["amount"].diff(rows).reindex(train.index),
            "difference_visits": grouped(train, ["user"])["visits"].diff(rows).reindex(train.index),
        },
    )

# Single values
with np.errstate(all="ignore"):
    case(
        "log1p",
        [
            {"kind": "LOG1P", "input": "amount", "output": "log"},
            {"kind": "LOG1P", "input": "level", "output": "log_level"},
            {"kind": "LOG1P", "input": "visits", "output": "log_visits"},
        ],
        *(
            {
                "log": np.log1p(data["amount"]),
                "log_level": np.log1p(data["level"]),
                "log_visits": np.log1p(numbers(data, "visits")),
            }
            for data in [train, serve]
        ),
    )

# Bins
for count in [1, 4, 5, 10]:
    for name in ["amount", "level", "constant", "visits"]:
        codes, edges = pd.cut(numbers(train, name), count, labels=False, retbins=True)
        case(
            f"{count} bins of equal width: {name}",
            [{"kind": "BINS", "input": name, "strategy": "EQUAL_WIDTH", "count": count, "output": "bin"}],
            {"bin": codes},
            {"bin": pd.cut(numbers(serve, name), edges, labels=False)},
        )
        if name == "constant":
            continue
        codes, edges = pd.qcut(numbers(train, name), count, labels=False, retbins=True, duplicates="drop")
        case(
            f"{count} quantile bins: {name}",
            [{"kind": "BINS", "input": name, "strategy": "QUANTILE", "count": count, "output": "bin"}],
            {"bin": codes},
            {"bin": pd.cut(numbers(serve, name), edges, labels=False, include_lowest=True)},
        )


# Frequencies and groups
def counted(data: pd.DataFrame, keys: list[str], normalize: bool) -> pd.Series:
    counts = train.dropna(subset=keys).value_counts(keys, normalize=normalize)
    found = [counts.get(tuple(row), 0) for row in data[keys].itertuples(index=False)]
    looked_up = pd.Series(found, index=data.index)
    return looked_up.where(data[keys].notna().all(axis=1))


for keys in [["user"], ["channel", "premium"], ["visits"]]:
    for normalize in [False, True]:
        case(
            f"frequency of {' and '.join(keys)}{', as a share' if normalize else ''}",
            [{"kind": "FREQUENCY", "inputs": keys, "normalize": normalize, "output": "frequency"}],
            {"frequency": counted(train, keys, normalize)},
            {"frequency": counted(serve, keys, normalize)},
        )

for keys in [["user"], ["user", "premium"]]:
    for name in ["amount", "visits"]:
        data = train.assign(**{name: numbers(train, name)})
        wide = {each: data.groupby(keys)[name].agg(STATISTICS[each]) for each in STATISTICS}

        def looked(frame: pd.DataFrame, values: pd.Series) -> list:
            found = dict(values)
            rows = frame[keys].itertuples(index=False)
            return [found.get(tuple(row) if len(keys) > 1 else row[0], None) for row in rows]

        case(
            f"statistics of {name} by {' and '.join(keys)}",
            [
                {"kind": "GROUP_STATISTIC", "by": keys, "input": name, "statistic": each, "output": each.lower()}
                for each in STATISTICS
            ],
            {each.lower(): data.groupby(keys)[name].transform(STATISTICS[each]) for each in STATISTICS},
            {each.lower(): looked(serve, wide[each]) for each in STATISTICS},
        )


# Scaling
def scaled(scaler, name: str) -> dict:
    scaler.fit(numbers(train, name).to_frame())
    return {
        part: {"scaled": scaler.transform(numbers(data, name).to_frame())[:, 0]}
        for part, data in {"train": train, "serve": serve}.items()
    }


for name in ["amount", "level", "constant", "visits"]:
    for title, step, scaler in [
        ("StandardScaler", {"kind": "STANDARD_SCALER"}, StandardScaler()),
        ("MinMaxScaler", {"kind": "MIN_MAX_SCALER"}, MinMaxScaler()),
        ("MinMaxScaler to -1…1", {"kind": "MIN_MAX_SCALER", "range": [-1, 1]}, MinMaxScaler(feature_range=(-1, 1))),
        ("RobustScaler", {"kind": "ROBUST_SCALER"}, RobustScaler()),
        (
            "RobustScaler 10…90",
            {"kind": "ROBUST_SCALER", "quantileRange": [10, 90]},
            RobustScaler(quantile_range=(10, 90)),
        ),
    ]:
        parts = scaled(scaler, name)
        case(f"{title}: {name}", [{**step, "input": name, "output": "scaled"}], parts["train"], parts["serve"])

# Categories
seen = train[["channel"]].dropna()
encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.int64).fit(seen)
names = [f"channel_{category}" for category in encoder.categories_[0]]
case(
    "one-hot",
    [{"kind": "ONE_HOT", "input": "channel", "output": "channel"}],
    dict(zip(names, encoder.transform(train[["channel"]]).T)),
    dict(zip(names, encoder.transform(serve[["channel"]]).T)),
)


def hashed(data: pd.DataFrame, name: str, buckets: int) -> list:
    hasher = FeatureHasher(n_features=buckets, input_type="string", alternate_sign=False)
    return [
        None if pd.isna(value) else int(hasher.transform([[str(value)]]).indices[0]) for value in data[name].tolist()
    ]


for buckets in [2, 16, 1_000_003]:
    case(
        f"hashing into {buckets}",
        [
            {"kind": "HASHING", "input": "channel", "buckets": buckets, "output": "hash"},
            {"kind": "HASHING", "input": "visits", "buckets": buckets, "output": "hash_visits"},
        ],
        {"hash": hashed(train, "channel", buckets), "hash_visits": hashed(train, "visits", buckets)},
        {"hash": hashed(serve, "channel", buckets), "hash_visits": hashed(serve, "visits", buckets)},
    )

# Missing values
for strategy in ["mean", "median", "most_frequent"]:
    for name in ["amount", "visits"]:
        imputer = SimpleImputer(strategy=strategy).fit(numbers(train, name).to_frame())
        case(
            f"fill {name} with the {strategy}",
            [{"kind": "FILL_MISSING", "input": name, "strategy": strategy.upper(), "output": "filled"}],
            {"filled": imputer.transform(numbers(train, name).to_frame())[:, 0]},
            {"filled": imputer.transform(numbers(serve, name).to_frame())[:, 0]},
        )
for name, value in [("amount", -1.5), ("channel", "none"), ("visits", 0)]:
    case(
        f"fill {name} with a constant",
        [{"kind": "FILL_MISSING", "input": name, "strategy": "CONSTANT", "value": value, "output": "filled"}],
        {"filled": train[name].astype(object).where(train[name].notna(), value)},
        {"filled": serve[name].astype(object).where(serve[name].notna(), value)},
    )
case(
    "fill forward",
    [{"kind": "FILL_MISSING", "input": "amount", "strategy": "FORWARD", "output": "filled"}],
    {"filled": grouped(train, ["user"])["amount"].ffill().reindex(train.index)},
)

# One after the other
filled = train["amount"].fillna(train["amount"].mean())
logs = pd.Series(np.log1p(filled), index=train.index)
rolling = rolled(train.assign(logs=logs), "logs", 4, "MEAN", ["user"])
case(
    "fill, log1p, rolling mean, StandardScaler and bins",
    [
        {"kind": "FILL_MISSING", "input": "amount", "strategy": "MEAN", "output": "filled"},
        {"kind": "LOG1P", "input": "filled", "output": "log"},
        {"kind": "ROLLING", "input": "log", "statistic": "MEAN", "window": {"rows": 4}, "output": "smooth"},
        {"kind": "STANDARD_SCALER", "input": "smooth", "output": "scaled"},
        {"kind": "BINS", "input": "scaled", "strategy": "QUANTILE", "count": 3, "output": "bin"},
    ],
    {
        "log": logs,
        "smooth": rolling,
        "scaled": (scaled_column := StandardScaler().fit_transform(rolling.to_frame())[:, 0]),
        "bin": pd.qcut(scaled_column, 3, labels=False),
    },
)

# The recipes of src/modules/feature-store/transformations/recipes.ts
def moments(random, rows: int, seconds: int) -> pd.Series:
    return pd.Timestamp("2024-06-28T21:00:00") + pd.to_timedelta(random.integers(0, seconds, rows), unit="s")


def recipe(data: pd.DataFrame, types: dict[str, str], expected: dict) -> dict:
    return {
        "columns": [{"name": name, "type": types[name]} for name in data.columns],
        "rows": [[plain(value) for value in row] for row in data.astype(object).itertuples(index=False)],
        "expected": {key: column(values) for key, values in expected.items()},
    }


random = np.random.default_rng(3)
visits = pd.DataFrame(
    {
        "user": random.choice(["u1", "u2", "u3"], 40),
        "at": moments(random, 40, 5 * 86400),
        "duration": np.round(random.gamma(2, 30, 40), 1),
    }
)
transactions = pd.DataFrame(
    {
        "user": random.choice(["u1", "u2", "u3", "u4"], 40),
        "at": moments(random, 40, 30 * 86400),
        "amount": np.round(random.lognormal(4, 1.2, 40), 2),
    }
)
sensors = pd.DataFrame(
    {
        "sensor": random.choice(["s1", "s2"], 60),
        "at": moments(random, 60, 3600),
        "value": np.round(random.normal(20, 2, 60), 3),
    }
)
recipes = {
    "userBehaviour": recipe(
        visits,
        {"user": "STRING", "at": "TIMESTAMP", "duration": "FLOAT64"},
        {
            "hour": visits["at"].dt.hour,
            "day_of_week": visits["at"].dt.dayofweek,
            "duration_mean_5": rolled(visits, "duration", 5, "MEAN", ["user"]),
            "duration_std_5": rolled(visits, "duration", 5, "STANDARD_DEVIATION", ["user"]),
        },
    ),
    "transactions": recipe(
        transactions,
        {"user": "STRING", "at": "TIMESTAMP", "amount": "FLOAT64"},
        {
            "amount_log": np.log1p(transactions["amount"]),
            "amount_bin": pd.cut(transactions["amount"], bins=5, labels=False),
            "user_frequency": transactions.groupby("user")["user"].transform("count"),
        },
    ),
    "sensors": recipe(
        sensors,
        {"sensor": "STRING", "at": "TIMESTAMP", "value": "FLOAT64"},
        {
            "value_mean_10": rolled(sensors, "value", 10, "MEAN", ["sensor"]),
            "value_std_10": rolled(sensors, "value", 10, "STANDARD_DEVIATION", ["sensor"]),
            "value_max_10": rolled(sensors, "value", 10, "MAXIMUM", ["sensor"]),
            "value_min_10": rolled(sensors, "value", 10, "MINIMUM", ["sensor"]),
            "value_scaled": StandardScaler().fit_transform(sensors[["value"]])[:, 0],
        },
    ),
}

oracle = {
    "versions": {"numpy": np.__version__, "pandas": pd.__version__, "scikit-learn": sklearn.__version__},
    "columns": [{"name": name, "type": TYPES[name]} for name in TYPES],
    "frames": {
        part: [[plain(value) for value in row] for row in data[list(TYPES)].astype(object).itertuples(index=False)]
        for part, data in {"train": train, "serve": serve}.items()
    },
    "cases": cases,
    "recipes": recipes,
}


def written(value: object) -> object:
    """JSON has no infinity."""
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: written(part) for key, part in value.items()}
    if isinstance(value, list):
        return [written(part) for part in value]
    return value


path = Path(__file__).with_name("oracle.json")
path.write_text(json.dumps(written(oracle), ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n")
print(f"{len(cases)} cases, {path.stat().st_size:,} bytes")
