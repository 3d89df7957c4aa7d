import { CodedError } from '../../../common/errors/coded-error.js';
import { ModelSession, type SessionOptions } from './model-session.js';

/** The device that an executor really uses. */
export interface DeviceChoice {
  readonly effectiveDevice: string;
  /** Why it is not the one that was asked for. */
  readonly deviceError: string | null;
}

/** An ONNX model that copies one float: IR 8, opset 17, `x` FP32 [1] → Identity → `y` FP32 [1]. */
const identityModel = Buffer.from(
  'CAgSBm5lc3RvcjIAOjcKEAoBeBIBeSIISWRlbnRpdHkSAWdaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAR',
  'base64',
);

/** Tries the device with a tiny model and falls back to the CPU where it cannot be used. */
export async function chooseDevice(options: SessionOptions): Promise<DeviceChoice> {
  if (options.device === 'cpu') return { effectiveDevice: 'cpu', deviceError: null };
  try {
    const session = await ModelSession.open(identityModel, options);
    await session.release();
    return { effectiveDevice: options.device, deviceError: null };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { effectiveDevice: 'cpu', deviceError: error.message };
  }
}
