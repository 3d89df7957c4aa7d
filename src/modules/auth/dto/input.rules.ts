/** Names are shown in lists and logs; control characters have no place there, and PostgreSQL does not store all. */
export const NO_CONTROL_CHARACTERS = /^[^\p{Cc}]*$/u;

export const NO_CONTROL_CHARACTERS_RULE = { message: '$property: must not hold control characters' };

/** UTF-16 code units of a password before its characters are counted: those outside the basic plane take two. */
export const RAW_PASSWORD_MAX_LENGTH = 2_048;
