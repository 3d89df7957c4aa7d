import { describe, expect, it } from 'vitest';
import { isInputProblem, isOutOfMemory, ortReason } from './ort-reason.rules.js';

describe('ortReason', () => {
  it.each([
    [
      "Non-zero status code returned while running Sub node. Name:'' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/math/element_wise_ops.h:583 void onnxruntime::BroadcastIterator::Append(ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false.\n\n",
      'Sub: axis == 1 || axis == largest was false',
    ],
    [
      "Non-zero status code returned while running ConstantOfShape node. Name:'fill' Status Message: /onnxruntime_src/onnxruntime/core/framework/op_kernel.cc:83 virtual OrtValue* onnxruntime::OpKernelContext::OutputMLValue(int, const onnxruntime::TensorShape&) [ONNXRuntimeError] : 1 : FAIL : tensor.cc:57 CalculateTensorStorageSize Tensor shape.Size() must be >= 0",
      'ConstantOfShape (fill): CalculateTensorStorageSize Tensor shape.Size() must be >= 0',
    ],
    ['Failed to load model because protobuf parsing failed.', 'Failed to load model because protobuf parsing failed'],
  ])('%s', (raw, reason) => {
    expect(ortReason(new Error(raw))).toBe(reason);
  });

  it('takes anything that was thrown, and bounds its length', () => {
    expect(ortReason('x'.repeat(1_000))).toHaveLength(301);
  });

  it('tells a lack of memory from other failures', () => {
    expect(isOutOfMemory(new Error('std::bad_alloc'))).toBe(true);
    expect(isOutOfMemory(new Error('Failed to allocate memory for requested buffer of size 1'))).toBe(true);
    expect(isOutOfMemory(new Error('Invalid rank for input'))).toBe(false);
    expect(isOutOfMemory('bad_alloc')).toBe(false);
  });

  it('tells problems of the input from others', () => {
    expect(isInputProblem(new Error('Invalid rank for input: x Got: 1 Expected: 2'))).toBe(true);
    expect(isInputProblem(new Error('Failed to allocate'))).toBe(false);
    expect(isInputProblem('Invalid rank for input')).toBe(false);
  });
});
