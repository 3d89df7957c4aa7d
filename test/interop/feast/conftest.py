"""Where Nestor is, and a Feast repository whose online store it is."""

import os
from datetime import timedelta

import pandas as pd
import pytest
import requests
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Bool, Float64, Int64, String, UnixTimestamp

URL = f"{os.environ['NESTOR_URL']}/feast"
KEY = os.environ["NESTOR_API_KEY"]

REPOSITORY = f"""
project: nestor
provider: local
registry: registry.db
entity_key_serialization_version: 3
online_store:
  type: remote
  path: {URL}
auth:
  type: oidc
  token: {KEY}
"""


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    (folder / "feature_store.yaml").write_text(REPOSITORY)
    rows = folder / "rows.parquet"
    pd.DataFrame({"at": pd.Series([], dtype="datetime64[us]")}).to_parquet(rows)
    source = FileSource(path=str(rows), timestamp_field="at")
    user = Entity(name="user", join_keys=["user"], value_type=ValueType.STRING)
    shop = Entity(name="shop", join_keys=["shop"], value_type=ValueType.INT64)
    users = FeatureView(
        name="users",
        entities=[user],
        ttl=timedelta(hours=1),
        schema=[
            Field(name="user", dtype=String),
            Field(name="age", dtype=Int64),
            Field(name="spent", dtype=Float64),
            Field(name="is_new", dtype=Bool),
            Field(name="since", dtype=UnixTimestamp),
        ],
        source=source,
    )
    shops = FeatureView(
        name="shops",
        entities=[shop],
        schema=[Field(name="shop", dtype=Int64), Field(name="city", dtype=String)],
        source=source,
    )
    risk = FeatureService(name="risk", features=[users[["spent", "age"]], shops])
    store = FeatureStore(repo_path=str(folder))
    store.apply([user, shop, users, shops, risk])
    return store


@pytest.fixture
def post():
    """Sends a request as Feast's documentation shows it."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {KEY}"
    return lambda path, body: session.post(f"{URL}/{path}", json=body)
