"""tritonclient.http, as its users call it."""

import numpy as np
import pytest
import tritonclient.http as client
from conftest import SAMPLES, same
from tritonclient.utils import InferenceServerException


@pytest.fixture
def triton(host):
    with client.InferenceServerClient(host, concurrency=4) as connected:
        yield connected


def inputs(binary=True, left=1, rows=1):
    tensors = []
    for name, values in (("INPUT0", np.arange(16)), ("INPUT1", np.full(16, left))):
        tensor = client.InferInput(name, [rows, 16], "INT32")
        tensor.set_data_from_numpy(np.tile(values.astype(np.int32), (rows, 1)), binary_data=binary)
        tensors.append(tensor)
    return tensors


def test_server(triton):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.get_server_metadata()["name"] == "nestor"


def test_model(triton, headers):
    assert triton.is_model_ready("simple", headers=headers)
    assert triton.is_model_ready("simple", "1", headers=headers)
    assert not triton.is_model_ready("nothing", headers=headers)
    metadata = triton.get_model_metadata("simple", headers=headers)
    assert metadata["inputs"][0] == {"name": "INPUT0", "datatype": "INT32", "shape": [-1, 16]}
    config = triton.get_model_config("simple", headers=headers)
    assert config["max_batch_size"] > 0
    assert config["input"][0]["data_type"] == "TYPE_INT32"


def test_repository_index(triton, headers):
    index = triton.get_model_repository_index(headers=headers)
    assert {"name": "simple", "version": "1", "state": "READY", "reason": ""} in index


@pytest.mark.parametrize("binary", [True, False])
def test_infer(triton, headers, binary):
    result = triton.infer("simple", inputs(binary), headers=headers, request_id="mine")
    assert result.get_response()["id"] == "mine"
    assert np.array_equal(result.as_numpy("OUTPUT0"), np.arange(1, 17, dtype=np.int32).reshape(1, 16))
    assert np.array_equal(result.as_numpy("OUTPUT1"), np.arange(-1, 15, dtype=np.int32).reshape(1, 16))


@pytest.mark.parametrize("binary", [True, False])
def test_requested_output(triton, headers, binary):
    wanted = [client.InferRequestedOutput("OUTPUT1", binary_data=binary)]
    result = triton.infer("simple", inputs(), outputs=wanted, headers=headers)
    assert [output["name"] for output in result.get_response()["outputs"]] == ["OUTPUT1"]
    assert result.as_numpy("OUTPUT1").shape == (1, 16)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compression(triton, headers, algorithm):
    result = triton.infer(
        "simple",
        inputs(),
        headers=headers,
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    assert result.as_numpy("OUTPUT0")[0, 0] == 1


@pytest.fixture
def encodings(triton, monkeypatch):
    """How the bodies of answers came, which the client does not tell."""
    seen = []
    post = triton._post

    def spy(*arguments, **named):
        response = post(*arguments, **named)
        seen.append(response.get("content-encoding"))
        return response

    monkeypatch.setattr(triton, "_post", spy)
    return seen


@pytest.mark.parametrize("algorithm", ["gzip", "deflate", None])
@pytest.mark.parametrize("binary", [True, False])
def test_compressed_answer(triton, headers, encodings, algorithm, binary):
    outputs = [client.InferRequestedOutput(name, binary_data=binary) for name in ("OUTPUT0", "OUTPUT1")]
    result = triton.infer(
        "simple",
        inputs(rows=1000),
        outputs=outputs,
        headers=headers,
        response_compression_algorithm=algorithm,
    )
    assert encodings == [algorithm]
    assert np.array_equal(result.as_numpy("OUTPUT0"), np.tile(np.arange(1, 17, dtype=np.int32), (1000, 1)))
    assert np.array_equal(result.as_numpy("OUTPUT1"), np.tile(np.arange(-1, 15, dtype=np.int32), (1000, 1)))


def test_concurrent(triton, headers):
    """Rows that ran in one batch come back to those who sent them."""
    pending = [triton.async_infer("simple", inputs(left=index), headers=dict(headers)) for index in range(64)]
    for index, request in enumerate(pending):
        assert request.get_result().as_numpy("OUTPUT0")[0, 0] == index


@pytest.mark.parametrize("datatype", SAMPLES)
def test_datatype(triton, headers, datatype):
    sample = SAMPLES[datatype]
    tensor = client.InferInput("input", list(sample.shape), datatype)
    tensor.set_data_from_numpy(sample)
    result = triton.infer(f"echo-{datatype}", [tensor], headers=headers)
    assert same(sample, result.as_numpy("output"))


def test_statistics(triton, headers):
    def count():
        return triton.get_inference_statistics("simple", "1", headers=headers)["model_stats"][0]["inference_count"]

    before = count()
    triton.infer("simple", inputs(), headers=headers)
    assert count() == before + 1


def test_errors(triton, headers):
    with pytest.raises(InferenceServerException, match="INPUT1.*missing") as missing:
        triton.infer("simple", inputs()[:1], headers=headers)
    assert missing.value.status() == "400"
    with pytest.raises(InferenceServerException, match="no model") as unknown:
        triton.infer("nothing", inputs(), headers=headers)
    assert unknown.value.status() == "404"
    with pytest.raises(InferenceServerException, match="credentials") as nobody:
        triton.infer("simple", inputs())
    assert nobody.value.status() == "401"


def test_load_and_unload(triton, headers):
    def states():
        index = triton.get_model_repository_index(headers=headers)
        return [(model["state"], model["reason"]) for model in index if model["name"] == "switched"]

    assert states() == [("READY", "")]
    triton.unload_model("switched", headers=headers)
    assert states() == [("UNAVAILABLE", "unloaded")]
    assert not triton.is_model_ready("switched", headers=headers)
    with pytest.raises(InferenceServerException, match="unloaded"):
        triton.infer("switched", inputs(), headers=dict(headers))
    triton.load_model("switched", headers=headers)
    assert states() == [("READY", "")]
    assert triton.is_model_ready("switched", headers=headers)
    assert triton.infer("switched", inputs(), headers=dict(headers)).as_numpy("OUTPUT0")[0, 0] == 1
    with pytest.raises(InferenceServerException, match="not taken"):
        triton.load_model("switched", headers=headers, config="{}")
    with pytest.raises(InferenceServerException, match="no model"):
        triton.unload_model("nothing", headers=headers)


def test_priority(triton, headers):
    result = triton.infer("simple", inputs(), headers=headers, priority=2)
    assert result.as_numpy("OUTPUT0")[0, 0] == 1
