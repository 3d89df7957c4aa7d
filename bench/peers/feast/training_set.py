"""Joins the labels with the observations, point in time; prints how long that took, and sums to compare."""

import json
import os
import time

import pandas as pd
from feast import FeatureStore

FEATURES = ["observations:one", "observations:two", "observations:three"]


def main() -> None:
    labels = pd.read_parquet(os.environ["LABELS_FILE"])
    store = FeatureStore(repo_path=".")
    started = time.perf_counter()
    result = store.get_historical_features(entity_df=labels, features=FEATURES).to_arrow()
    seconds = time.perf_counter() - started
    one = result.column("one").to_pandas()
    found = int(one.notna().sum())
    print(json.dumps({"seconds": seconds, "rows": result.num_rows, "found": found, "sum": float(one.sum())}))


# Feast imports every file of the folder.
if __name__ == "__main__":
    main()
