import type { Dispatcher } from 'undici';
import { ValueError } from '../errors.js';

export interface HttpOptions {
  /** Milliseconds until a connection must stand. */
  connectTimeout: number;
  /** Milliseconds without a byte after which a transfer counts as dead. */
  idleTimeout: number;
  signal?: AbortSignal;
}

/** What kept one attempt from succeeding. */
export class AttemptError extends Error {
  constructor(
    message: string,
    /** Whether trying the same URL again may help. */
    readonly retryable: boolean,
    options?: ErrorOptions & { status?: number; retryAfterMs?: number },
  ) {
    super(message, options);
    this.name = 'AttemptError';
    this.status = options?.status;
    this.retryAfterMs = options?.retryAfterMs;
  }

  readonly status: number | undefined;
  /** What the server asked for in `Retry-After`. */
  readonly retryAfterMs: number | undefined;
}

const maxRedirects = 10;
const redirects = new Set([301, 302, 303, 307, 308]);
const transient = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

/** Loaded with the first download: its hundred files would be a fifth of what `import 'torchts'` takes. */
const loadUndici = () => import('undici');

/** Connections of one download. Reads `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (either case). */
export async function openAgent(options: HttpOptions): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await loadUndici();
  try {
    return new EnvHttpProxyAgent({
      connect: { timeout: options.connectTimeout },
      headersTimeout: options.idleTimeout,
      bodyTimeout: options.idleTimeout,
      // A plain http request goes to the proxy as such: many proxies refuse CONNECT to port 80.
      proxyTunnel: false,
    });
  } catch (error) {
    throw new ValueError(
      'HTTP_PROXY or HTTPS_PROXY is set to something that is no proxy address; expected e.g. http://proxy.example:3128',
      { cause: error },
    );
  }
}

export type HttpResponse = Dispatcher.ResponseData;

/** A GET that follows redirects. Gives the answers 200, 206 and 416, throws {@link AttemptError} for others. */
export async function get(
  agent: Dispatcher,
  url: string,
  headers: Record<string, string>,
  options: HttpOptions,
): Promise<HttpResponse> {
  const { request } = await loadUndici();
  let address = new URL(url);
  for (let hop = 0; hop <= maxRedirects; hop++) {
    if (address.protocol !== 'http:' && address.protocol !== 'https:') {
      throw new AttemptError(`${address.protocol} addresses are not supported; http: and https: are`, false);
    }
    const response = await request(address, {
      dispatcher: agent,
      headers: { 'user-agent': 'torchts', 'accept-encoding': 'identity', ...headers },
      signal: options.signal,
    });
    const { statusCode: status } = response;
    if (status === 200 || status === 206 || status === 416) return response;
    response.body.on('error', () => {}).destroy();
    const location = single(response.headers.location);
    if (redirects.has(status) && location !== undefined) {
      address = new URL(location, address);
      continue;
    }
    throw new AttemptError(`HTTP ${status} ${response.statusText}`.trim(), transient.has(status), {
      status,
      retryAfterMs: retryAfter(single(response.headers['retry-after'])),
    });
  }
  throw new AttemptError(`more than ${maxRedirects} redirects`, false);
}

/** The first value of a header. */
export function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function retryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** Turns what the network threw into an {@link AttemptError} with words for people. */
export function networkError(error: unknown, options: HttpOptions): AttemptError {
  if (error instanceof AttemptError) return error;
  const cause = error as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  const code = cause.code ?? cause.errors?.[0]?.code ?? '';
  const retryable = code !== 'ENOTFOUND' && !isCertificate(code);
  return new AttemptError(reasonOf(code, cause, options), retryable, { cause: error });
}

function isCertificate(code: string): boolean {
  return /CERT|ERR_TLS|UNABLE_TO/.test(code);
}

function reasonOf(code: string, error: Error, options: HttpOptions): string {
  if (isCertificate(code)) {
    return `the server's certificate was not accepted (${code}); where a proxy inspects traffic, set NODE_EXTRA_CA_CERTS`;
  }
  switch (code) {
    case 'ECONNREFUSED':
      return 'the connection was refused (ECONNREFUSED)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name could not be resolved (${code})`;
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return `the connection broke off (${code})`;
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return `the host cannot be reached (${code})`;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return `no connection within ${options.connectTimeout / 1000} s (${code})`;
    case 'UND_ERR_HEADERS_TIMEOUT':
      return `no answer within ${options.idleTimeout / 1000} s (${code})`;
    case 'UND_ERR_BODY_TIMEOUT':
      return `no data for ${options.idleTimeout / 1000} s (${code})`;
    default:
      return code && !error.message.includes(code)
        ? `${error.message} (${code})`
        : error.message || String(error);
  }
}
