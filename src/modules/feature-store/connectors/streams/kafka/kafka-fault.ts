import { AuthenticationError, NetworkError, ProtocolError, ResponseError, TimeoutError } from '@platformatic/kafka';
import { CodedError } from '../../../../../common/errors/coded-error.js';
import { isCertificateFault } from '../../certificate-fault.js';

/** Longest message that is repeated, in UTF-16 code units. */
const MAX_MESSAGE = 200;

/** The name of the first error that a broker answered, such as `UNKNOWN_TOPIC_OR_PARTITION`. */
export const answeredFault = (error: unknown): ProtocolError | undefined =>
  error instanceof ResponseError ? error.errors.find((each) => each instanceof ProtocolError) : undefined;

/** What a Kafka, or the way to it, said. */
export function kafkaFault(error: unknown): CodedError {
  const chain = [...causesOf(error)];
  const coded = chain.find((each) => each instanceof CodedError);
  if (coded !== undefined) return coded;
  const message = String(chain.at(-1)?.message ?? error)
    .slice(0, MAX_MESSAGE)
    .replace(/[.\s]+$/, '');
  const answered = chain.map(answeredFault).find((each) => each !== undefined);
  if (chain.some((each) => each instanceof AuthenticationError)) {
    return new CodedError('SOURCE_FAILED', `Kafka does not let the user in: ${message}.`, { cause: error });
  }
  if (chain.some(isCertificateFault)) {
    return new CodedError('SOURCE_FAILED', `The broker of Kafka is not trusted: ${message}.`, { cause: error });
  }
  if (answered !== undefined) {
    const code = answered['canRetry'] === true ? 'SERVICE_UNAVAILABLE' : 'SOURCE_FAILED';
    const name = String(answered['apiId']);
    return new CodedError(code, `Kafka refuses to read the topic (${name}): ${answered.message}`, { cause: error });
  }
  if (chain.some((each) => each instanceof NetworkError || each instanceof TimeoutError)) {
    return new CodedError('SERVICE_UNAVAILABLE', `Kafka does not answer: ${message}.`, { cause: error });
  }
  return new CodedError('SOURCE_FAILED', `What Kafka answers cannot be read: ${message}.`, { cause: error });
}

/** An error, and what caused it, down to the first cause. */
function* causesOf(error: unknown): Generator<Error> {
  for (let each = error; each instanceof Error; each = each.cause) yield each;
}
