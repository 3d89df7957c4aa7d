import { Inject, Injectable } from '@nestjs/common';
import type { AccessRule } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { PublicErrorFilter } from '../../../common/errors/public-error.filter.js';
import { toPublicError } from '../../../common/errors/public-error.js';
import { compressed } from '../../../common/http/compressed-answers.js';
import type { JsonPost, JsonPostRoute, PostAnswer } from '../../../common/http/front-door.js';
import { Gatekeeper } from '../../auth/access/gatekeeper.js';
import { PredictionService } from '../prediction/prediction.service.js';
import { clientGoneSignal } from '../prediction/client-gone.js';
import { errorAnswer } from './error-answer.rules.js';
import { writeInferAnswer } from './infer-answer.rules.js';
import { readInferRequest } from './infer-request.rules.js';
import { MAY_INFER } from './open-inference.access.js';
import { type ModelPath, OpenInferenceService } from './open-inference.service.js';

/** Names that need no decoding. */
const INFER_URL = /^\/v2\/models\/([^/?%]+)(?:\/versions\/([^/?%]+))?\/infer$/;
const rule: AccessRule = { kind: 'PERMISSION', permission: MAY_INFER };
const INFER_ROUTE = 'POST /v2/models/:model/infer';
const INFER_VERSION_ROUTE = 'POST /v2/models/:model/versions/:version/infer';
const NO_BYTES = new Uint8Array(0);

/**
 * Answers inferences of plain JSON at the front door, as `OpenInferenceController.infer` answers all others: by the
 * same access rule, the same service and in the same form.
 */
@Injectable()
export class DirectInference {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly gatekeeper: Gatekeeper,
    private readonly service: OpenInferenceService,
    private readonly predictions: PredictionService,
    private readonly errors: PublicErrorFilter,
  ) {}

  readonly route: JsonPostRoute = (url) => {
    const match = INFER_URL.exec(url);
    if (match === null) return undefined;
    const [, model = '', version] = match;
    const path = version === undefined ? { model } : { model, version };
    return { refuse: this.refuse, answer: (post, json) => this.answer(post, path, json) };
  };

  private readonly refuse = (): PostAnswer | undefined => {
    const refusal = this.predictions.refusal();
    return refusal && errorAnswer(refusal);
  };

  private async answer(post: JsonPost, path: ModelPath, json: unknown): Promise<PostAnswer> {
    try {
      const admitted = this.admit(post, path);
      const context = admitted instanceof Promise ? await admitted : admitted;
      const wanted = readInferRequest({ json, binary: NO_BYTES });
      const facts = await this.service.infer(context, path, wanted, clientGoneSignal(post));
      const answer = compressed(
        writeInferAnswer(facts, wanted.isBinary),
        post.headers['accept-encoding'],
        this.settings.NESTOR_COMPRESSION_MIN_BYTES,
      );
      return answer instanceof Promise ? await answer : answer;
    } catch (thrown) {
      return errorAnswer(toPublicError(thrown, this.errors.report));
    }
  }

  /** At once where the credentials are known. */
  private admit(post: JsonPost, { version }: ModelPath): ActorContext | Promise<ActorContext> {
    const resourceId = version === undefined ? INFER_ROUTE : INFER_VERSION_ROUTE;
    const target = () => ({ resourceType: 'route', resourceId }) as const;
    const admitted = this.gatekeeper.admit({ rule, request: post, target });
    return admitted instanceof Promise ? admitted.then(() => contextOf(post)) : contextOf(post);
  }
}

function contextOf({ id: requestId, ip: address, actor }: JsonPost): ActorContext {
  if (!actor) throw new TypeError('The gatekeeper admitted a call of nobody.');
  return { requestId, address, actor };
}
