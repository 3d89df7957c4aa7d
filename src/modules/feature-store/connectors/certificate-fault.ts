/** Whether a connection came to nothing because of who answered: no encryption, or a certificate that does not fit. */
export function isCertificateFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return /CERT|^ERR_TLS|^ERR_SSL|^UNABLE_TO_|SELF_SIGNED/.test(code) || /does not support SSL/.test(error.message);
}
