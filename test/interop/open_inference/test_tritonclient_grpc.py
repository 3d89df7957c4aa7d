"""tritonclient.grpc, as its users call it."""

import numpy as np
import pytest
import tritonclient.grpc as client
from conftest import SAMPLES, same
from tritonclient.utils import InferenceServerException


@pytest.fixture
def triton(grpc_address):
    with client.InferenceServerClient(grpc_address) as connected:
        yield connected


def inputs():
    tensors = []
    for name, values in (("INPUT0", np.arange(16)), ("INPUT1", np.ones(16))):
        tensor = client.InferInput(name, [1, 16], "INT32")
        tensor.set_data_from_numpy(values.astype(np.int32).reshape(1, 16))
        tensors.append(tensor)
    return tensors


def test_server(triton):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.get_server_metadata().name == "nestor"


def test_model(triton, headers):
    assert triton.is_model_ready("simple", headers=headers)
    metadata = triton.get_model_metadata("simple", headers=headers)
    assert [(tensor.name, list(tensor.shape)) for tensor in metadata.inputs] == [
        ("INPUT0", [-1, 16]),
        ("INPUT1", [-1, 16]),
    ]


def test_configuration(triton, headers):
    config = triton.get_model_config("simple", headers=headers).config
    assert config.max_batch_size > 0
    assert [(entry.name, list(entry.dims)) for entry in config.input] == [("INPUT0", [16]), ("INPUT1", [16])]
    assert triton.get_model_config("simple", headers=headers, as_json=True)["config"]["input"][0]["data_type"] == "TYPE_INT32"


def test_statistics(triton, headers):
    def count():
        return triton.get_inference_statistics("simple", "1", headers=headers).model_stats[0].inference_count

    before = count()
    triton.infer("simple", inputs(), headers=headers)
    assert count() == before + 1


def test_infer(triton, headers):
    wanted = [client.InferRequestedOutput("OUTPUT0")]
    result = triton.infer("simple", inputs(), outputs=wanted, headers=headers, request_id="mine")
    assert result.get_response().id == "mine"
    assert np.array_equal(result.as_numpy("OUTPUT0"), np.arange(1, 17, dtype=np.int32).reshape(1, 16))
    assert result.as_numpy("OUTPUT1") is None


@pytest.mark.parametrize("datatype", SAMPLES)
def test_datatype(triton, headers, datatype):
    sample = SAMPLES[datatype]
    tensor = client.InferInput("input", list(sample.shape), datatype)
    tensor.set_data_from_numpy(sample)
    result = triton.infer(f"echo-{datatype}", [tensor], headers=headers)
    assert same(sample, result.as_numpy("output"))


def test_errors(triton, headers):
    with pytest.raises(InferenceServerException, match="INPUT1.*missing") as missing:
        triton.infer("simple", inputs()[:1], headers=headers)
    assert missing.value.status() == "StatusCode.INVALID_ARGUMENT"
    with pytest.raises(InferenceServerException, match="no model") as unknown:
        triton.infer("nothing", inputs(), headers=headers)
    assert unknown.value.status() == "StatusCode.NOT_FOUND"
    with pytest.raises(InferenceServerException, match="credentials") as nobody:
        triton.infer("simple", inputs())
    assert nobody.value.status() == "StatusCode.UNAUTHENTICATED"


def test_repository(triton, headers):
    def states():
        index = triton.get_model_repository_index(headers=headers)
        return [(model.state, model.reason) for model in index.models if model.name == "switched"]

    assert states() == [("READY", "")]
    triton.unload_model("switched", headers=headers)
    assert states() == [("UNAVAILABLE", "unloaded")]
    assert not triton.is_model_ready("switched", headers=headers)
    with pytest.raises(InferenceServerException, match="unloaded"):
        triton.infer("switched", inputs(), headers=headers)
    triton.load_model("switched", headers=headers)
    assert states() == [("READY", "")]
    assert triton.is_model_ready("switched", headers=headers)
    assert triton.infer("switched", inputs(), headers=headers).as_numpy("OUTPUT0")[0, 0] == 1


def test_priority(triton, headers):
    assert triton.infer("simple", inputs(), headers=headers, priority=2).as_numpy("OUTPUT0")[0, 0] == 1
