import { Inject, Injectable } from '@nestjs/common';
import { Places } from '../../common/concurrency/places.js';
import { SETTINGS } from '../../common/config/config.module.js';
import type { Settings } from '../../common/config/settings.js';
import { CodedError } from '../../common/errors/coded-error.js';
import { ArtifactStore, type StoredArtifact } from '../../common/storage/artifact-store.js';
import type { Digest } from '../../common/storage/digest.js';
import { type ModelInspection, ModelInspector } from './model-inspector.js';
import { STORABLE_TEXT } from './names.rules.js';
import { inspectOnnxFile } from './onnx/onnx-inspection.js';
import { type OnnxDetails, onnxDetails } from './onnx-details.rules.js';

/** Deepest nesting of graphs: real models with loops in branches stay below ten. */
const MAX_GRAPH_DEPTH = 64;
/** Files examined at a time, each by a process of its own with the memory of an executor; and how many may wait. */
const MAX_EXAMINED = 2;
const MAX_WAITING = 50;
/** Findings that are remembered: the same bytes are the same model. */
const MAX_REMEMBERED = 200;

export interface ModelFindings extends ModelInspection {
  readonly onnx: OnnxDetails;
}

/** Decides whether a file may become a model version: parsed first, and only then loaded, in isolation. */
@Injectable()
export class ModelIntake {
  private readonly findings = new Map<Digest, Promise<ModelFindings>>();
  private readonly places = new Places(MAX_EXAMINED);

  constructor(
    private readonly store: ArtifactStore,
    private readonly inspector: ModelInspector,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws {CodedError} MODEL_* and ARTIFACT_* with what is wrong with the file; OVERLOADED. */
  async examine(artifact: StoredArtifact): Promise<ModelFindings> {
    const maxBytes = this.settings.NESTOR_MODEL_MAX_BYTES;
    if (artifact.sizeBytes > maxBytes) {
      throw new CodedError(
        'MODEL_TOO_LARGE',
        `The artifact has ${artifact.sizeBytes} bytes; a model may have at most ${maxBytes}.`,
      );
    }
    const { digest } = artifact;
    const known = this.findings.get(digest);
    if (known !== undefined) return known;
    if (this.places.waiting >= MAX_WAITING) {
      const message = 'Too many models wait to be examined. Try again shortly.';
      throw new CodedError('OVERLOADED', message, { retryAfterMs: 5_000 });
    }
    const examining = this.places.run(() => this.store.withFile(digest, (path) => this.examineFile(path, digest)));
    this.findings.set(digest, examining);
    // A failure may be the machine's, not the file's.
    examining.catch(() => this.findings.delete(digest));
    this.forgetOldest();
    return examining;
  }

  private async examineFile(path: string, digest: Digest): Promise<ModelFindings> {
    const summary = await inspectOnnxFile(path, {
      maxBytes: this.settings.NESTOR_MODEL_MAX_BYTES,
      maxNodes: this.settings.NESTOR_MODEL_MAX_NODES,
      maxDepth: MAX_GRAPH_DEPTH,
    });
    const { inputs, outputs, batchable } = await this.inspector.inspect(path, digest);
    for (const { name } of [...inputs, ...outputs]) {
      if (!STORABLE_TEXT.test(name)) {
        throw new CodedError('MODEL_UNSUPPORTED', `The name ${JSON.stringify(name)} holds the character U+0000.`);
      }
    }
    return { inputs, outputs, batchable, onnx: onnxDetails(summary) };
  }

  private forgetOldest(): void {
    if (this.findings.size <= MAX_REMEMBERED) return;
    for (const digest of this.findings.keys()) {
      this.findings.delete(digest);
      return;
    }
  }
}
