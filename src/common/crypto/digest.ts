import { hash } from 'node:crypto';

/**
 * SHA-256 of a text, in hexadecimal. Credentials are looked up by it: they are random beyond guessing, so a fast hash
 * suffices, and how long an index takes to miss a digest tells nothing of the credential.
 */
export const sha256 = (text: string): string => hash('sha256', text);
