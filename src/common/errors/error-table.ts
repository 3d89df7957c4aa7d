/**
 * Every error a client can meet: its code, its HTTP status and what it means. `docs/errors.md` documents the
 * same codes; a test holds both together in both directions. What is not in this table never reaches a client.
 */
export const errorTable = {
  // Requests
  BAD_REQUEST: { status: 400, meaning: 'The request is malformed or breaks a rule of the protocol.' },
  INVALID_INPUT: { status: 400, meaning: 'An argument is missing, malformed or out of its range.' },
  INVALID_CURSOR: { status: 400, meaning: 'The `after` cursor was not issued by this list.' },
  PAYLOAD_TOO_LARGE: { status: 413, meaning: 'The body is larger than the configured limit.' },
  OPERATION_TOO_COMPLEX: {
    status: 400,
    meaning: 'The GraphQL operation exceeds a limit on depth, aliases, fields or tokens.',
  },
  GRAPHQL_PARSE_FAILED: { status: 400, meaning: 'The GraphQL document has a syntax error or too many tokens.' },
  GRAPHQL_VALIDATION_FAILED: { status: 400, meaning: 'The GraphQL document does not fit the schema.' },
  BAD_USER_INPUT: { status: 400, meaning: 'A GraphQL variable does not fit its type.' },
  OPERATION_RESOLUTION_FAILURE: { status: 400, meaning: 'The document does not hold the operation that was named.' },
  PERSISTED_QUERY_NOT_FOUND: { status: 200, meaning: 'The persisted query is not known yet; send it in full once.' },
  PERSISTED_QUERY_NOT_SUPPORTED: { status: 200, meaning: 'Persisted queries are switched off.' },
  NOT_FOUND: { status: 404, meaning: 'No such resource in this workspace, or no such route.' },
  REQUEST_TIMEOUT: { status: 408, meaning: 'The headers or the body of the request took too long to arrive.' },
  METHOD_NOT_ALLOWED: { status: 405, meaning: 'The route does not take this HTTP method.' },
  ALREADY_EXISTS: { status: 409, meaning: 'A resource with this name exists already.' },
  CONFLICT: { status: 409, meaning: 'The resource is in a state that does not allow this.' },
  IDEMPOTENCY_MISMATCH: { status: 422, meaning: 'The idempotency key was used before with another payload.' },
  CANCELLED: { status: 499, meaning: 'The caller went away or cancelled before the work was done.' },
  // Access
  UNAUTHENTICATED: { status: 401, meaning: 'No credentials, or ones that are unknown, expired, revoked or disabled.' },
  INVALID_CREDENTIALS: { status: 401, meaning: 'E-mail and password do not match an active account.' },
  FORBIDDEN: { status: 403, meaning: 'The credentials lack the permission this needs.' },
  CROSS_SITE_REQUEST: { status: 403, meaning: 'A browser sent this from another site that is not allowed to.' },
  RATE_LIMITED: { status: 429, meaning: 'Too many attempts; `retryAfterMs` says when to try again.' },
  // Artifacts and models
  ARTIFACT_NOT_FOUND: {
    status: 404,
    meaning: 'No artifact with this digest was uploaded to this workspace, or nothing used it and it was deleted.',
  },
  ARTIFACT_TOO_LARGE: { status: 413, meaning: 'The artifact is larger than the configured limit.' },
  ARTIFACT_CORRUPT: { status: 500, meaning: 'The stored bytes no longer match their digest.' },
  DIGEST_MISMATCH: { status: 400, meaning: 'The uploaded bytes do not match the digest that the client announced.' },
  STORAGE_FULL: { status: 507, meaning: 'The artifact store or the database has no room left.' },
  MODEL_NOT_ONNX: { status: 400, meaning: 'The artifact is not a well-formed ONNX model.' },
  MODEL_EXTERNAL_DATA: { status: 400, meaning: 'The model keeps tensors outside of its file, which is refused.' },
  MODEL_UNKNOWN_DOMAIN: { status: 400, meaning: 'The model uses operators of a domain that is not supported.' },
  MODEL_TOO_LARGE: { status: 413, meaning: 'The model file is larger than the configured limit.' },
  MODEL_LIMIT_EXCEEDED: {
    status: 400,
    meaning: 'The model has too many nodes, nests too deeply, or claims sizes it does not have.',
  },
  MODEL_LOAD_FAILED: { status: 422, meaning: 'ONNX Runtime could not load the model within its limits.' },
  MODEL_UNSUPPORTED: {
    status: 422,
    meaning: 'The model has inputs or outputs of a kind that cannot be served, such as sequences or maps.',
  },
  MODEL_NOT_FOUND: { status: 404, meaning: 'No such registered model, version or alias in this workspace.' },
  MODEL_NOT_READY: { status: 409, meaning: 'The model has no version that can be served.' },
  MODEL_UNLOADED: { status: 409, meaning: 'The model version was unloaded and is refused until it is loaded again.' },
  DEPLOYMENT_NOT_FOUND: { status: 404, meaning: 'No such deployment in this workspace.' },
  // Inference
  INVALID_TENSOR: {
    status: 400,
    meaning: "A tensor's name, datatype, shape or data does not fit the model's signature.",
  },
  INVALID_RECORD: { status: 400, meaning: "A record's fields do not fit the model's input columns." },
  INVALID_FILE: {
    status: 400,
    meaning: 'A file of rows is malformed or exceeds a limit; the message says where.',
  },
  TENSOR_TOO_LARGE: { status: 413, meaning: 'A tensor has too many elements for JSON; send it as base64.' },
  OVERLOADED: {
    status: 503,
    meaning: 'All places for this kind of work are taken; `retryAfterMs` says when to try again.',
  },
  DEADLINE_EXCEEDED: { status: 504, meaning: 'The deadline passed before the answer was there.' },
  EXECUTORS_UNAVAILABLE: { status: 503, meaning: 'No executor is ready; `retryAfterMs` says when to try again.' },
  EXECUTOR_LOST: { status: 503, meaning: 'The executor ended while it worked on this request.' },
  MODEL_RUN_FAILED: { status: 422, meaning: 'ONNX Runtime refused this input or failed while running the model.' },
  MODEL_QUARANTINED: { status: 503, meaning: 'The model crashed or hung executors and is not served for a while.' },
  // Data and features
  INVALID_TRANSFORMATION: {
    status: 400,
    meaning: 'Declared transformations are malformed, or do not fit the columns; the message says which step and why.',
  },
  TRANSFORMATION_FAILED: {
    status: 422,
    meaning: 'Rows do not tell what a transformation needs to learn, or it fails on them; the message says why.',
  },
  DATA_REJECTED: {
    status: 422,
    meaning: "The rows break rules of the data source's schema, and its policy refuses them; the report says which.",
  },
  SOURCE_FAILED: {
    status: 422,
    meaning: 'A data source refuses what it is asked, or what it answers cannot be taken; the message says why.',
  },
  ADDRESS_REFUSED: {
    status: 403,
    meaning: 'The host is in a private network that NESTOR_OUTBOUND_PRIVATE_HOSTS does not list.',
  },
  SECRET_UNREADABLE: {
    status: 500,
    meaning:
      'A stored secret cannot be decrypted, because NESTOR_SECRET changed without NESTOR_PREVIOUS_SECRETS, or the value was altered; set it anew.',
  },
  INVALID_EXPRESSION: {
    status: 400,
    meaning:
      'An SQL expression or query is malformed, reads what it may not, or fails on the rows; the message says why.',
  },
  QUERY_LIMIT_EXCEEDED: {
    status: 422,
    meaning: 'Work on data needs more memory or temporary disk space than it may have.',
  },
  FEATURES_MISSING: {
    status: 422,
    meaning: 'The online store does not have all features that a prediction takes; the message says which and why.',
  },
  // Operation
  AUDIT_UNAVAILABLE: { status: 503, meaning: 'The audit trail cannot be written, so the work is refused.' },
  SERVICE_UNAVAILABLE: {
    status: 503,
    meaning: 'A part that this needs, such as the database, is not reachable; try again.',
  },
  SHUTTING_DOWN: { status: 503, meaning: 'This process is stopping; try again at another one.' },
  INTERNAL_SERVER_ERROR: { status: 500, meaning: 'Something failed inside; `errorId` finds it in the log.' },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorCode = keyof typeof errorTable;
