import { groupBy } from '../../../common/collections/group-by.js';
import { hexOfDigest } from '../../../common/storage/digest.js';
import type { ServedFile } from '../../registry/serving/served-file.js';
import type { PlacementPolicy, WarmUpSample } from '../../registry/serving/serving-policy.js';
import { keepers, type Placeable } from '../client/placement.rules.js';
import type { ModelOrders } from '../protocol/control.js';

/** What is to be done with a model file, whoever has versions that hold it. */
export interface FilePlan {
  /** 64 hexadecimal digits. */
  readonly digest: string;
  readonly bytes: number;
  /** Every version that holds it was unloaded. */
  readonly isRefused: boolean;
  /** Of the versions for which it is to be kept loaded. */
  readonly placements: readonly PlacementPolicy[];
  readonly warmUp: readonly WarmUpSample[];
  /** Changes with any of the versions. */
  readonly revision: number;
}

/** One plan for each file: executors are shared by all workspaces, and hold a file once. */
export function filePlans(files: readonly ServedFile[]): FilePlan[] {
  return [...groupBy(files, ({ digest }) => digest)].map(([digest, versions]) => ({
    digest: hexOfDigest(digest),
    bytes: versions[0]?.sizeBytes ?? 0,
    isRefused: versions.every(({ residency }) => residency === 'UNLOADED'),
    placements: versions.filter(({ residency }) => residency === 'LOADED').map(({ placement }) => placement),
    warmUp: versions.flatMap(({ warmUp }) => warmUp),
    revision: versions.reduce((sum, { revision }) => sum + revision, 0),
  }));
}

/**
 * What one executor is to do.
 * @param executors all that take requests, of all workers: who is to keep a model is agreed among them.
 */
export function ordersFor(id: string, executors: readonly Placeable[], plans: readonly FilePlan[]): ModelOrders {
  const isKeeper = ({ digest, placements }: FilePlan): boolean =>
    placements.some((placement) => keepers(executors, digest, placement).some((executor) => executor.id === id));
  return {
    residents: plans.filter(isKeeper).map(({ digest, bytes, revision }) => ({ digest, bytes, revision })),
    refused: plans.filter(({ isRefused }) => isRefused).map(({ digest }) => digest),
  };
}
