"""kserve's clients for REST and gRPC, as their users call them."""

import asyncio

import numpy as np
import pytest
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig


def request(use_binary, rows=1):
    tensors = []
    for name, values in (("INPUT0", np.arange(16)), ("INPUT1", np.ones(16))):
        tensor = InferInput(name, [rows, 16], "INT32")
        tensor.set_data_from_numpy(np.tile(values.astype(np.int32), (rows, 1)), binary_data=use_binary)
        tensors.append(tensor)
    return InferRequest(model_name="simple", infer_inputs=tensors, request_id="mine")


def check(response, rows=1):
    assert response.id == "mine"
    outputs = {output.name: output.as_numpy() for output in response.outputs}
    assert np.array_equal(outputs["OUTPUT0"].flatten(), np.tile(np.arange(1, 17), rows))


@pytest.mark.parametrize("binary", [True, False])
def test_rest(url, headers, binary):
    async def use():
        client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=20))
        assert await client.is_server_live(url)
        assert await client.is_server_ready(url)
        assert await client.is_model_ready(url, "simple", headers=headers)
        check(await client.infer(url, request(binary), model_name="simple", headers=headers))
        # It accepts compressed answers unless told otherwise.
        many = await client.infer(url, request(binary, rows=1000), model_name="simple", headers=headers)
        check(many, rows=1000)

    asyncio.run(use())


def test_grpc(grpc_address, headers):
    async def use():
        async with InferenceGRPCClient(grpc_address, use_ssl=False, timeout=20) as client:
            assert await client.is_server_live()
            assert await client.is_model_ready("simple", headers=list(headers.items()))
            check(await client.infer(request(True), headers=list(headers.items())))

    asyncio.run(use())
