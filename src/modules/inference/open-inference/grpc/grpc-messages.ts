/** A 64-bit integer as protobufjs decodes it: exact where it fits into a number, an object that knows it otherwise. */
export type Int64 = number | { toString(): string };

/** A parameter; exactly one of its fields is the message's own, the others are defaults. */
export interface ParameterMessage {
  readonly parameter_choice?: 'bool_param' | 'int64_param' | 'string_param' | 'double_param' | 'uint64_param';
  readonly bool_param?: boolean;
  readonly int64_param?: Int64;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: Int64;
}

export type ParameterMessages = Readonly<Record<string, ParameterMessage>>;

/** Elements in the field of their datatype. */
export interface ContentsMessage {
  readonly bool_contents: readonly boolean[];
  readonly int_contents: readonly number[];
  readonly int64_contents: readonly Int64[];
  readonly uint_contents: readonly number[];
  readonly uint64_contents: readonly Int64[];
  readonly fp32_contents: readonly number[];
  readonly fp64_contents: readonly number[];
  readonly bytes_contents: readonly Uint8Array[];
}

export interface InputMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly Int64[];
  readonly parameters: ParameterMessages;
  readonly contents: ContentsMessage | null;
}

export interface ModelMessage {
  readonly name: string;
  readonly version: string;
}

export interface InferRequestMessage {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: ParameterMessages;
  readonly inputs: readonly InputMessage[];
  readonly outputs: readonly { readonly name: string; readonly parameters: ParameterMessages }[];
  readonly raw_input_contents: readonly Uint8Array[];
}

export interface RepositoryIndexMessage {
  readonly ready: boolean;
}

export interface RepositoryModelMessage {
  readonly model_name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}
