import { FIELD_HEADER_BYTES, MAX_TEXT_BYTES, WIRE_TYPE, type WireReader } from './wire-reader.js';

/** What to do with a field of a message. Fields that a message does not name are skipped unread. */
export type Field =
  /** Each value of a number field, packed or not. */
  | { readonly kind: 'integer'; readonly take: (value: number) => void }
  /** Text up to `MAX_TEXT_BYTES`; longer text is skipped, or refused by `tooLong`. */
  | { readonly kind: 'text'; readonly take: (value: string) => void; readonly tooLong?: (bytes: number) => void }
  /** The length of each occurrence, whose content is skipped. */
  | { readonly kind: 'size'; readonly take: (bytes: number) => void }
  /** A message to descend into, for each occurrence. `once`: a second occurrence is malformed. */
  | { readonly kind: 'message'; readonly once: boolean; readonly enter: () => Message };

/** How one message is read. `finish` is called at its end. */
export interface Message {
  readonly name: string;
  readonly fields: Readonly<Record<number, Field>>;
  readonly finish?: () => void;
}

export interface WalkLimits {
  /** Most fields visited: bounds the time. */
  readonly maxFields: number;
}

/** The walk went over one of its limits; the message says which. */
export class WalkLimitError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'WalkLimitError';
  }
}

interface Frame {
  readonly message: Message;
  readonly end: number;
  /** Numbers of the `once` fields that occurred. */
  seen: Set<number> | undefined;
}

/** Deepest stack of messages; subgraphs are bounded far below it by the limits on models. */
const MAX_MESSAGE_DEPTH = 10_000;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

/**
 * Walks a protobuf message of `size` bytes from the reader's position. Needs memory for the open messages only, and never
 * recurses, however deep the bytes nest.
 * @throws MalformedWireError for bytes that are no such message, WalkLimitError, and whatever the fields' functions throw.
 */
export async function walkMessage(reader: WireReader, size: number, root: Message, limits: WalkLimits): Promise<void> {
  const stack: Frame[] = [{ message: root, end: reader.position + size, seen: undefined }];
  let fields = 0;
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (reader.position >= frame.end) {
      if (reader.position > frame.end) throw reader.malformed(`A field reaches beyond its ${frame.message.name}`);
      stack.pop();
      frame.message.finish?.();
      continue;
    }
    fields += 1;
    if (fields > limits.maxFields) throw new WalkLimitError(`more than ${limits.maxFields} protobuf fields`);
    if (!reader.isReady(FIELD_HEADER_BYTES)) await reader.prepare();
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number < 1 || number > MAX_FIELD_NUMBER) throw reader.malformed(`${frame.message.name} has no field ${number}`);
    const length = payloadLength(reader, wireType, frame);
    const field = frame.message.fields[number];
    switch (field?.kind) {
      case 'message':
        requireWireType(reader, frame, number, wireType === WIRE_TYPE.delimited);
        if (field.once) noteOnce(reader, frame, number);
        if (stack.length >= MAX_MESSAGE_DEPTH)
          throw new WalkLimitError(`messages nested over ${MAX_MESSAGE_DEPTH} deep`);
        stack.push({ message: field.enter(), end: reader.position + length, seen: undefined });
        break;
      case 'text':
        requireWireType(reader, frame, number, wireType === WIRE_TYPE.delimited);
        if (length > MAX_TEXT_BYTES) {
          field.tooLong?.(length);
          reader.skip(length);
        } else {
          if (!reader.isReady(length)) await reader.prepare();
          field.take(reader.text(length));
        }
        break;
      case 'integer':
        requireWireType(reader, frame, number, wireType === WIRE_TYPE.delimited || wireType === WIRE_TYPE.varint);
        if (wireType === WIRE_TYPE.varint) {
          field.take(reader.varint());
        } else {
          fields += await takePacked(reader, reader.position + length, field.take, limits.maxFields - fields);
        }
        break;
      case 'size':
        if (wireType === WIRE_TYPE.varint) reader.varint();
        else reader.skip(length);
        field.take(wireType === WIRE_TYPE.varint ? 1 : length);
        break;
      case undefined:
        if (wireType === WIRE_TYPE.varint) reader.varint();
        else reader.skip(length);
        break;
    }
  }
}

/** Bytes that follow the field's header; a varint's are its own to find, so 0. */
function payloadLength(reader: WireReader, wireType: number, frame: Frame): number {
  let length = 0;
  switch (wireType) {
    case WIRE_TYPE.varint:
      return 0;
    case WIRE_TYPE.fixed64:
      length = 8;
      break;
    case WIRE_TYPE.fixed32:
      length = 4;
      break;
    case WIRE_TYPE.delimited:
      length = reader.varint();
      break;
    default:
      throw reader.malformed(`${frame.message.name} has a field of wire type ${wireType}`);
  }
  if (length < 0 || length > frame.end - reader.position) {
    throw reader.malformed(`A field of ${frame.message.name} claims more bytes than there are`);
  }
  return length;
}

function requireWireType(reader: WireReader, frame: Frame, field: number, isRight: boolean): void {
  if (!isRight) throw reader.malformed(`Field ${field} of ${frame.message.name} has the wrong wire type`);
}

function noteOnce(reader: WireReader, frame: Frame, field: number): void {
  frame.seen ??= new Set();
  if (frame.seen.has(field)) throw reader.malformed(`Field ${field} of ${frame.message.name} occurs twice`);
  frame.seen.add(field);
}

/** Reads packed numbers up to `end` and answers how many there were. */
async function takePacked(
  reader: WireReader,
  end: number,
  take: (value: number) => void,
  maxValues: number,
): Promise<number> {
  let count = 0;
  while (reader.position < end) {
    if (count >= maxValues) throw new WalkLimitError('too many packed numbers');
    if (!reader.isReady(FIELD_HEADER_BYTES)) await reader.prepare();
    take(reader.varint());
    count += 1;
  }
  if (reader.position > end) throw reader.malformed('A packed number reaches beyond its field');
  return count;
}
