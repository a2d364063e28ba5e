/** What users add to a trace. */
import { ArgumentError } from '../errors.js';

/** Kineto writes `/` for every backslash, so a trace can hold nothing that JSON must escape. */
export function plainText(text: string): string {
  return (
    String(text)
      .replaceAll('"', "'")
      .replaceAll('\\', '/')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes exactly these.
      .replace(/[\u0000-\u001f]/g, ' ')
  );
}

/** The same for each string in a JSON value. @throws ArgumentError for what is no JSON. */
export function plainJson(json: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ArgumentError(`metadata of a trace must be valid JSON, got ${String(json)}`, { cause });
  }
  return json.includes('\\')
    ? JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? plainText(each) : each))
    : json;
}
