import os
from urllib.parse import urlsplit

import numpy as np
import pytest


@pytest.fixture(scope="session")
def url():
    return os.environ["NESTOR_URL"]


@pytest.fixture(scope="session")
def host(url):
    return urlsplit(url).netloc


@pytest.fixture(scope="session")
def grpc_address():
    return os.environ["NESTOR_GRPC"]


@pytest.fixture
def headers():
    """A new one each time: some clients add headers of their own to what they are given."""
    return {"x-api-key": os.environ["NESTOR_API_KEY"]}


SAMPLES = {
    "BOOL": np.array([[True, False, True, True]]),
    "UINT8": np.array([[0, 1, 2, 255]], dtype=np.uint8),
    "UINT16": np.array([[0, 1, 2, 65535]], dtype=np.uint16),
    "UINT32": np.array([[0, 1, 2, 2**32 - 1]], dtype=np.uint32),
    "UINT64": np.array([[0, 1, 2, 2**64 - 1]], dtype=np.uint64),
    "INT8": np.array([[-128, 1, 2, 127]], dtype=np.int8),
    "INT16": np.array([[-32768, 1, 2, 32767]], dtype=np.int16),
    "INT32": np.array([[-(2**31), 1, 2, 2**31 - 1]], dtype=np.int32),
    "INT64": np.array([[-(2**63), 1, 2, 2**63 - 1]], dtype=np.int64),
    "FP16": np.array([[0.5, -1.5, np.inf, np.nan]], dtype=np.float16),
    "FP32": np.array([[0.1, -1.5, np.inf, np.nan]], dtype=np.float32),
    "FP64": np.array([[0.1, -1.5, np.inf, np.nan]], dtype=np.float64),
    "BYTES": np.array([["a", "", "zwölf", "d"]], dtype=object),
}


def same(expected, found):
    """Whether two arrays are equal, bit by bit where they hold numbers."""
    if expected.dtype == object:
        texts = [item.decode() if isinstance(item, bytes) else item for item in found.flatten()]
        return texts == list(expected.flatten())
    return found.dtype == expected.dtype and np.array_equal(expected, found, equal_nan=expected.dtype.kind == "f")
