import { Injectable } from '@nestjs/common';
import { RegistrySnapshot } from '../registry/snapshot/registry-snapshot.js';
import type { Variant } from './variant.js';
import { assertSameInputs, assertVariants, championOf } from './variants.rules.js';

/** Holds variants against the registry. */
@Injectable()
export class ServableVariants {
  constructor(private readonly registry: RegistrySnapshot) {}

  /** @throws {CodedError} INVALID_INPUT, MODEL_NOT_FOUND, MODEL_NOT_READY */
  async assert(workspaceId: string, variants: readonly Variant[]): Promise<void> {
    assertVariants(variants);
    const versions = new Map(
      await Promise.all(
        variants.map(async (variant) => [variant, await this.registry.resolve(workspaceId, variant)] as const),
      ),
    );
    const champion = championOf(variants);
    for (const [variant, { signature }] of versions) {
      assertSameInputs(champion, versions.get(champion)?.signature.inputs ?? [], variant, signature.inputs);
    }
  }
}
