import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeModel, graph, node, valueInfo } from '../../../../models/training/onnx-builder.js';
import { elementsOf, tensorFromJson } from '../../../common/tensor/tensor-json.js';
import { wholeOutput } from './batching.rules.js';
import { ModelSession } from './model-session.js';

let folder: string;
const started = process.cwd();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-test-'));
  await mkdir(join(folder, 'empty'));
  await writeFile(join(folder, 'secret'), Buffer.from([1, 2, 3, 4]));
  await symlink('secret', join(folder, 'symbolic-link'));
  await link(join(folder, 'secret'), join(folder, 'hard-link'));
});

afterAll(async () => {
  process.chdir(started);
  await rm(folder, { recursive: true, force: true });
});

/** `input` UINT8 [4] plus four bytes of another file. */
function thief(location: string): Buffer {
  const { DataType, DataLocation } = onnxProto.onnx.TensorProto;
  const stolen = onnxProto.onnx.TensorProto.create({
    name: 'stolen',
    dataType: DataType.INT32,
    dims: [1],
    dataLocation: DataLocation.EXTERNAL,
    externalData: [{ key: 'location', value: location }],
  });
  return encodeModel(
    graph({
      name: 'thief',
      nodes: [node('Add', ['input', 'stolen'], ['output'])],
      initializers: [stolen],
      inputs: [valueInfo('input', 'INT32', [1])],
      outputs: [valueInfo('output', 'INT32', [1])],
    }),
  );
}

function open(bytes: Uint8Array, emptyFolder: string): Promise<ModelSession> {
  return ModelSession.open(bytes, { device: 'cpu', threads: 1, emptyFolder });
}

describe('ModelSession', () => {
  it('reads no file beside the model, nor by links', async () => {
    const session = await open(thief('secret'), folder);
    const { outputs } = await session.run([tensorFromJson('input', 'INT32', [1], [0])]);
    const [output] = outputs.map(wholeOutput);
    expect(output === undefined ? [] : elementsOf(output)).toEqual([0x04030201]);
    const names = ['secret', 'symbolic-link', 'hard-link'];
    const locations = [...names, ...names.map((name) => `../${name}`), ...names.map((name) => join(folder, name))];
    for (const workingFolder of [folder, started]) {
      process.chdir(workingFolder);
      for (const location of [...locations, 'package.json', '/etc/passwd', '../../../../etc/passwd']) {
        await expect(open(thief(location), join(folder, 'empty'))).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
      }
    }
    await session.release();
  });
});
