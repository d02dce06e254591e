// What a page of ours may load and do. One function for every host; the nonce is fresh for each load of the page.

export function contentSecurityPolicy(
  nonce: string,
  options: { connect: readonly string[]; frames?: readonly string[] } = { connect: [] },
): string {
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `style-src-attr 'none'`,
    `img-src 'self' data: blob:`,
    `font-src 'self'`,
    `connect-src ${["'self'", ...options.connect].join(' ')}`,
    `worker-src 'self'`,
    `manifest-src 'self'`,
    ...(options.frames?.length ? [`frame-src ${options.frames.join(' ')}`] : []),
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');
}
