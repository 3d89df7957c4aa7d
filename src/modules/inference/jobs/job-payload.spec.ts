import { describe, expect, it } from 'vitest';
import { tensorFromJson } from '../../../common/tensor/tensor-json.js';
import { FrameError } from '../protocol/frames.js';
import { decodeJobRequest, decodeJobResult, encodeJobRequest, encodeJobResult } from './job-payload.js';

const tensor = tensorFromJson('x', 'INT16', [3], [1, -2, 3]);
const text = tensorFromJson('t', 'BYTES', [2], ['a', 'ö']);

describe('job payloads', () => {
  it('keep requests and results as they were', () => {
    const request = { digest: 'd', batchable: true, deadlineMs: 5, outputs: ['y'], tensors: [tensor, text] };
    const back = decodeJobRequest(encodeJobRequest(request));
    expect(back).toMatchObject({ digest: 'd', batchable: true, deadlineMs: 5, outputs: ['y'] });
    expect(back.tensors.map(({ data }) => Buffer.from(data))).toEqual(
      [tensor, text].map(({ data }) => Buffer.from(data)),
    );

    const answer = { outputs: [tensor], inferenceMs: 1.5, queueMs: 0.25, batchRows: 3, executor: 'not stored here' };
    const result = decodeJobResult(encodeJobResult(answer));
    expect(result).toMatchObject({ inferenceMs: 1.5, queueMs: 0.25, batchRows: 3 });
    expect(result).not.toHaveProperty('executor');
  });

  it('refuse what is not exactly one frame', () => {
    const bytes = encodeJobResult({ outputs: [], inferenceMs: 0, queueMs: 0, batchRows: 1 });
    for (const broken of [Buffer.alloc(0), bytes.subarray(0, -8), Buffer.concat([bytes, bytes])]) {
      expect(() => decodeJobResult(broken)).toThrow(FrameError);
    }
  });
});
