import { type Datatype, datatypeTable } from '../../../common/tensor/datatypes.js';
import type { JsonElement } from '../../../common/tensor/tensor-json.js';
import type { FeatureValue, ValueType } from '../value-types.js';

type Kind = (typeof datatypeTable)[Datatype]['kind'];

/**
 * What elements each type of feature may become. Numbers do not become texts, texts do not become numbers, and a fraction
 * is never cut off; a moment is no number until a transformation says in which unit.
 */
const kindsOf: Readonly<Record<ValueType, readonly Kind[]>> = {
  STRING: ['string'],
  JSON: ['string'],
  INT64: ['integer', 'bigInteger', 'float'],
  FLOAT64: ['float'],
  BOOLEAN: ['boolean', 'integer', 'bigInteger', 'float'],
  TIMESTAMP: [],
};

/** Whether values of the type may be elements of the datatype; a single one may still be out of its range. */
export const canFill = (type: ValueType, datatype: Datatype): boolean =>
  kindsOf[type].includes(datatypeTable[datatype].kind);

/**
 * A value as an element of the datatype, in the form in which JSON carries tensors; booleans as numbers are 1 and 0.
 * @returns undefined where the datatype cannot hold it.
 */
export function elementOf(value: NonNullable<FeatureValue>, datatype: Datatype): JsonElement | undefined {
  const { kind, minimum, maximum } = datatypeTable[datatype];
  if (kind === 'string') return typeof value === 'string' ? value : undefined;
  if (kind === 'boolean') return typeof value === 'boolean' ? value : undefined;
  if (typeof value === 'string') return undefined;
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (kind === 'float') {
    const float = Number(number);
    if (!Number.isFinite(float)) return String(float);
    return float >= minimum && float <= maximum ? float : undefined;
  }
  if (typeof number === 'number' && !Number.isInteger(number)) return undefined;
  if (number < minimum || number > maximum) return undefined;
  return typeof number === 'bigint' ? number.toString() : number;
}

/** What a datatype takes, for messages. */
export function rangeOf(datatype: Datatype): string {
  const { kind, minimum, maximum } = datatypeTable[datatype];
  return kind === 'string' || kind === 'boolean' ? datatype : `${datatype} from ${minimum} to ${maximum}`;
}
