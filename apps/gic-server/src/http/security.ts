import type { FastifyHelmetOptions } from '@fastify/helmet';

/**
 * What a page of ours may do: scripts from here and those whose hash is named, workers from here or made by the page, data from here.
 * Styles may be inline (charts place their parts so); nobody may put us into a frame.
 */
export const contentSecurity = (scriptHashes: readonly string[] = []): string =>
  [
    "default-src 'self'",
    ["script-src 'self'", ...scriptHashes].join(' '),
    "script-src-attr 'none'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

/** The other headers; the policy above is set by hook, because the hashes belong to one file. No HSTS: loopback speaks plain HTTP. */
export const helmetOptions: FastifyHelmetOptions = {
  contentSecurityPolicy: false,
  hsts: false,
  crossOriginEmbedderPolicy: false,
  crossOriginResourcePolicy: { policy: 'same-origin' },
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
};
