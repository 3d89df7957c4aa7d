import { CodedError } from '../../common/errors/coded-error.js';
import type { TensorSpec } from '../registry/tensor-spec.js';
import { CANARY_NAME, type LoggingPolicy, type Variant } from './variant.js';

/** Most variants of one deployment. */
export const MAX_VARIANTS = 8;

/** @throws {CodedError} INVALID_INPUT, naming what is wrong. */
export function assertVariants(variants: readonly Variant[]): void {
  if (variants.length > MAX_VARIANTS) {
    throw invalid(`there are ${variants.length}; a deployment takes at most ${MAX_VARIANTS}`);
  }
  const champions = variants.filter(({ role }) => role === 'CHAMPION').length;
  if (champions !== 1) throw invalid(`there are ${champions} champions; a deployment has exactly one`);
  const names = new Set(variants.map(({ name }) => name));
  if (names.size !== variants.length) throw invalid('each needs a name of its own');
  for (const variant of variants) assertWeight(variant);
  const sum = totalWeight(variants);
  if (!(sum > 0) || !Number.isFinite(sum)) {
    throw invalid('the weights of champion and challengers must add up to more than 0');
  }
}

/** @throws {CodedError} INVALID_INPUT where somebody names a variant as a canary's is named. */
export function assertNotReserved(variants: readonly Variant[]): void {
  if (variants.some(({ name }) => name === CANARY_NAME)) {
    throw invalid(`the name ${quoted(CANARY_NAME)} is kept for canaries; see startCanary`);
  }
}

function assertWeight({ name, role, weight }: Variant): void {
  if (!Number.isFinite(weight) || weight < 0) throw invalid(`the weight of ${quoted(name)} must be 0 or more`);
  if (role === 'SHADOW' && weight !== 0) {
    throw invalid(`${quoted(name)} is a shadow, which answers nobody and so takes no weight`);
  }
}

/** @throws {CodedError} INVALID_INPUT */
export function assertLogging({ sampleRate }: LoggingPolicy): void {
  if (!(sampleRate >= 0 && sampleRate <= 1)) {
    throw new CodedError('INVALID_INPUT', 'logging.sampleRate: give a number from 0 to 1.');
  }
}

/**
 * A caller does not choose the variant, so what one takes all must take.
 * @throws {CodedError} INVALID_INPUT unless both have the same inputs by name, datatype and number of dimensions.
 */
export function assertSameInputs(
  champion: Variant,
  championInputs: readonly TensorSpec[],
  variant: Variant,
  inputs: readonly TensorSpec[],
): void {
  const [wanted, given] = [describeInputs(championInputs), describeInputs(inputs)];
  if (wanted === given) return;
  throw invalid(
    `${quoted(variant.name)} takes ${given}, but the champion ${quoted(champion.name)} takes ${wanted}; ` +
      'all variants must take the same inputs',
  );
}

const describeInputs = (inputs: readonly TensorSpec[]): string =>
  inputs
    .map(({ name, datatype, shape }) => `${name} ${datatype} of ${shape.length} dimensions`)
    .toSorted()
    .join(', ');

export const totalWeight = (variants: readonly Variant[]): number =>
  variants.reduce((sum, { weight }) => sum + weight, 0);

export function championOf(variants: readonly Variant[]): Variant {
  const champion = variants.find(({ role }) => role === 'CHAMPION');
  if (champion === undefined) throw new TypeError('A deployment without a champion was stored.');
  return champion;
}

/**
 * The variants once one of them has won: it is the champion with all of the traffic, other shadows stay, the old
 * champion and the other challengers leave.
 * @throws {CodedError} NOT_FOUND where there is no such variant, CONFLICT where it is the champion already.
 */
export function promoted(variants: readonly Variant[], name: string): Variant[] {
  const winner = variants.find((variant) => variant.name === name);
  if (winner === undefined) {
    const names = variants.map((variant) => variant.name).join(', ');
    throw new CodedError('NOT_FOUND', `The deployment has no variant ${quoted(name)}; it has ${names}.`);
  }
  const isSettled = winner.role === 'CHAMPION' && variants.every(({ role }) => role !== 'CHALLENGER');
  if (isSettled) throw new CodedError('CONFLICT', `${quoted(name)} is the champion already, without a challenger.`);
  const shadows = variants.filter((variant) => variant.role === 'SHADOW' && variant !== winner);
  return [{ ...winner, role: 'CHAMPION', weight: 100 }, ...shadows];
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 128));

const invalid = (problem: string): CodedError => new CodedError('INVALID_INPUT', `variants: ${problem}.`);
