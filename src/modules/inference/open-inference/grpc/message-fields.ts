/** Fields of messages, as protobufjs describes them. */
export const text = (id: number) => ({ type: 'string', id });

export const list = (type: string, id: number) => ({ type, id, rule: 'repeated' });
