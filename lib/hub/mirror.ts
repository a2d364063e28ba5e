import { ValueError } from '../errors.js';

function parse(text: string | URL, what: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new ValueError(`${what} is not a URL: ${JSON.stringify(String(text))}`);
  }
}

/**
 * Addresses with scheme and host replaced by a mirror's URL, which may have a path of its own:
 * `https://host/a/b` on `https://mirror/prefix` is `https://mirror/prefix/a/b`.
 *
 * @param mirror default: the variable `TORCHTS_MIRROR`; an empty string means none
 */
export function mirrored(sources: readonly (string | URL)[], mirror?: string): string[] {
  const base = mirror ?? process.env.TORCHTS_MIRROR ?? '';
  const urls = sources.map((source) => parse(source, 'the address of the download'));
  if (base === '') return [...new Set(urls.map((url) => url.href))];
  const prefix = parse(base, mirror === undefined ? 'TORCHTS_MIRROR' : 'the option mirror');
  const start = `${prefix.origin}${prefix.pathname.replace(/\/+$/, '')}`;
  return [...new Set(urls.map((url) => `${start}${url.pathname}${url.search}`))];
}
