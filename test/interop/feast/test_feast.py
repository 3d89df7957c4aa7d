"""Feast's FeatureStore, with Nestor as its remote online store."""

import os
from datetime import datetime, timedelta, timezone

import pandas as pd
import pytest
import requests
from conftest import URL
from feast.errors import FeastObjectNotFoundException, FeastPermissionError

NOW = datetime.now(timezone.utc).replace(microsecond=123456)
LONG_AGO = NOW - timedelta(hours=2)


@pytest.fixture(scope="module", autouse=True)
def written(store):
    """Rows that the client itself writes to the remote store."""
    store.write_to_online_store(
        "users",
        df=pd.DataFrame(
            {
                "user": ["ann", "bob", "old"],
                "age": pd.array([31, None, 90], dtype="Int64"),
                "spent": [3.0, 0.1, 1.5],
                "is_new": [True, False, True],
                "since": pd.to_datetime(["2026-01-02", "2026-01-03", "2026-01-04"], utc=True),
                "at": [NOW, NOW, LONG_AGO],
            }
        ),
    )
    store.write_to_online_store(
        "shops", df=pd.DataFrame({"shop": [7], "city": ["Köln"], "at": [NOW]})
    )


USERS = [{"user": name} for name in ("ann", "bob", "old", "nobody")]


def statuses(response):
    names = response.proto.metadata.feature_names.val
    return {name: list(result.statuses) for name, result in zip(names, response.proto.results)}


def test_reads_features_by_name(store):
    features = ["users:age", "users:spent", "users:is_new", "users:since"]
    response = store.get_online_features(features=features, entity_rows=USERS)
    assert response.to_dict() == {
        "user": ["ann", "bob", "old", "nobody"],
        "age": [31, None, None, None],
        "spent": [3.0, 0.1, None, None],
        "is_new": [True, False, None, None],
        "since": [1767312000, 1767398400, None, None],
    }
    assert isinstance(response.to_dict()["spent"][0], float)
    present, null, not_found, too_old = 1, 2, 3, 4
    assert statuses(response)["age"] == [present, null, too_old, not_found]
    assert statuses(response)["user"] == [present] * 4


def test_reads_a_feature_service_over_two_views(store):
    rows = [{"user": "ann", "shop": 7}, {"user": "bob", "shop": 8}]
    service = store.get_feature_service("risk")
    answer = store.get_online_features(features=service, entity_rows=rows, full_feature_names=True)
    assert answer.to_dict() == {
        "user": ["ann", "bob"],
        "shop": [7, 8],
        "users__spent": [3.0, 0.1],
        "users__age": [31, None],
        "shops__city": ["Köln", None],
    }
    frame = store.get_online_features(features=service, entity_rows=rows).to_df()
    assert list(frame.columns) == ["user", "shop", "spent", "age", "city"]


def test_tells_event_times(store, post):
    body = {"features": ["users:age"], "entities": {"user": ["ann", "bob", "old", "nobody"]}}
    answer = post("get-online-features", body).json()
    assert answer["metadata"] == {"feature_names": ["user", "age"]}
    assert answer["results"][1] == {
        "values": [31, None, None, None],
        "statuses": ["PRESENT", "NULL_VALUE", "OUTSIDE_MAX_AGE", "NOT_FOUND"],
        "event_timestamps": [
            NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            LONG_AGO.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "1970-01-01T00:00:00Z",
        ],
    }


def test_tells_versions_of_views(store):
    answer = store.get_online_features(
        features=["users:age"], entity_rows=USERS[:1], include_feature_view_version_metadata=True
    )
    told = answer.proto.metadata.feature_view_metadata
    assert [(view.name, view.version) for view in told] == [("users", 1)]


def test_keeps_the_newest_row_whatever_comes_late(store):
    late = {"user": ["ann"], "age": [1], "spent": [9.9], "is_new": [False], "at": [NOW - timedelta(minutes=5)]}
    late["since"] = pd.to_datetime(["2026-01-05"], utc=True)
    store.write_to_online_store("users", df=pd.DataFrame(late))
    answer = store.get_online_features(features=["users:age"], entity_rows=USERS[:1])
    assert answer.to_dict()["age"] == [31]


def amount_of(post, user):
    answer = post("get-online-features", {"features": ["orders:amount"], "entities": {"user": [user]}})
    return answer.json()["results"][1]["values"][0]


def test_materializes_as_the_documentation_shows(post):
    interval = {
        "start_ts": "2025-01-01T00:00:00",
        "end_ts": "2026-01-02T00:00:00",
        "feature_views": ["orders"],
    }
    assert post("materialize", interval).status_code == 200
    assert amount_of(post, "ann") == 1.0
    increment = {"end_ts": "2026-02-01T00:00:00", "feature_views": ["orders"]}
    assert post("materialize-incremental", increment).status_code == 200
    assert amount_of(post, "ann") == 3.0


def test_pushes_as_the_documentation_shows(post):
    df = {"user": ["ann"], "at": [str(NOW)], "amount": [7.5]}
    body = {"push_source_name": "orders", "df": df, "to": "online_and_offline"}
    assert post("push", body).status_code == 200
    assert amount_of(post, "ann") == 7.5


def test_raises_feasts_own_errors(store, post):
    with pytest.raises(FeastObjectNotFoundException, match="NOT_FOUND: There is no feature view"):
        store.get_online_features(features=["nothing:age"], entity_rows=USERS)
    refused = post("get-online-features", {"features": ["users:age"], "entities": {"shop": [7]}})
    assert refused.status_code == 400
    assert refused.headers["x-nestor-error-code"] == "INVALID_INPUT"


def test_asks_for_credentials(store):
    assert requests.get(f"{URL}/health").status_code == 200
    body = {"features": ["users:age"], "entities": {"user": ["ann"]}}
    assert requests.post(f"{URL}/get-online-features", json=body).status_code == 401
