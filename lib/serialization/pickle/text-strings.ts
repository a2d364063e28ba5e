/** Strings of the text protocols (0): the escapes that Python's `repr` and `raw-unicode-escape` write. */

const simple: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/**
 * The bytes (as latin-1) of a quoted Python string literal, the argument of `STRING`.
 * Gives `undefined` where the quotes do not match.
 */
export function unquote(literal: string): string | undefined {
  const text = literal.trim();
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || !text.endsWith(quote)) return undefined;
  return text
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g,
      (whole, hex?: string, octal?: string, char?: string) => {
        if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
        if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
        return simple[char ?? ''] ?? whole;
      },
    );
}

/** Decodes `raw-unicode-escape`, the argument of `UNICODE`: only `\uXXXX` and `\UXXXXXXXX` are escapes. */
export function decodeRawUnicodeEscape(text: string): string | undefined {
  let valid = true;
  const decoded = text.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g,
    (_, short?: string, long?: string) => {
      const code = Number.parseInt((short ?? long) as string, 16);
      if (code > 0x10ffff) {
        valid = false;
        return '';
      }
      return String.fromCodePoint(code);
    },
  );
  return valid ? decoded : undefined;
}
