"""ONNX models as services of BentoML (its guides "Create online API Services" and "Adaptive batching")."""

import os
from typing import Annotated

import bentoml
import numpy
import onnxruntime
from bentoml.validators import DType, Shape

Integers = Annotated[numpy.ndarray, DType("int32"), Shape((-1, 16))]
Floats = Annotated[numpy.ndarray, DType("float32"), Shape((-1, 16))]


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class OnnxModel:
    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"]
        )

    # A batchable method takes one parameter, and this model two. Awaited, because a thread for each call of some
    # microseconds costs BentoML three quarters of its rate.
    @bentoml.api
    async def simple(self, INPUT0: Integers, INPUT1: Integers) -> dict[str, numpy.ndarray]:
        sums, differences = self.session.run(None, {"INPUT0": INPUT0, "INPUT1": INPUT1})
        return {"OUTPUT0": sums, "OUTPUT1": differences}

    @bentoml.api(batchable=True, batch_dim=0, max_batch_size=32, max_latency_ms=1000)
    def mlp(self, input: Floats) -> numpy.ndarray:
        return self.session.run(None, {"input": input})[0]

    @bentoml.api
    def heavy(self, input: Floats) -> numpy.ndarray:
        return self.session.run(None, {"input": input})[0]
