/** Names of registered models: safe in a URL, a file name and a metric label. */
export const MODEL_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

export const MODEL_NAME_RULE =
  'takes 1 to 128 letters, digits, dots, underscores and hyphens, and starts with a letter or digit';

/** As model names, but nothing that reads as a version: not `3`, not `v3`, not `latest`. */
export const ALIAS_NAME = /^(?!v?\d+$)(?!latest$)[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/i;

export const ALIAS_NAME_RULE = `${MODEL_NAME_RULE}; a number, \`v\` with a number and \`latest\` are kept for versions`;

/** PostgreSQL keeps every character in a text but U+0000. */
export const STORABLE_TEXT = /^[^\0]*$/;

export const STORABLE_TEXT_RULE = 'must not hold the character U+0000';
