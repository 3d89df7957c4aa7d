"""An ONNX model on LitServe (its guides "Batching" and "fast queue")."""

import os

import litserve
import numpy
import onnxruntime

DTYPES = {"tensor(float)": numpy.float32, "tensor(int32)": numpy.int32}


class OnnxApi(litserve.LitAPI):
    def setup(self, device):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"]
        )
        self.dtypes = {tensor.name: DTYPES[tensor.type] for tensor in self.session.get_inputs()}
        self.names = [output.name for output in self.session.get_outputs()]

    def decode_request(self, request):
        return {name: numpy.asarray(request[name], dtype) for name, dtype in self.dtypes.items()}

    def batch(self, inputs):
        return {name: numpy.concatenate([row[name] for row in inputs]) for name in self.dtypes}

    def predict(self, feeds):
        return dict(zip(self.names, self.session.run(self.names, feeds)))

    def unbatch(self, outputs):
        rows = len(next(iter(outputs.values())))
        return [{name: values[row : row + 1] for name, values in outputs.items()} for row in range(rows)]

    def encode_response(self, output):
        return {name: values.tolist() for name, values in output.items()}


if __name__ == "__main__":
    api = OnnxApi(
        max_batch_size=int(os.environ["MAX_BATCH_SIZE"]),
        batch_timeout=float(os.environ["BATCH_TIMEOUT"]),
    )
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False, log_level="warning")
