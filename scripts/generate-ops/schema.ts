/** Schemas of `native_functions.yaml`, parsed. */

/** One argument or one return of an operator. */
export interface SchemaItem {
  /** Without alias marks: `Tensor`, `int[2]?`, `Tensor?[]`. */
  readonly type: string;
  /** Empty for a return without a name. */
  readonly name: string;
  /** The default as the schema writes it; undefined for a required argument. */
  readonly fallback?: string;
  readonly keywordOnly: boolean;
  /** Written to: `self` of in-place forms, `out`. */
  readonly written: boolean;
}

export interface Schema {
  readonly name: string;
  readonly overload: string;
  readonly args: readonly SchemaItem[];
  readonly returns: readonly SchemaItem[];
}

/** Splits at commas outside of brackets and quotes. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let part = '';
  for (const c of text) {
    if (c === '"') quoted = !quoted;
    if (!quoted && '([{'.includes(c)) depth++;
    if (!quoted && ')]}'.includes(c)) depth--;
    if (c === ',' && depth === 0 && !quoted) {
      parts.push(part.trim());
      part = '';
    } else part += c;
  }
  if (part.trim() !== '') parts.push(part.trim());
  return parts;
}

const itemPattern =
  /^(?<type>\w+(?:\([^)]*\))?(?:\?|\[\d*\])*)(?:\s+(?<name>\w+))?(?:\s*=\s*(?<fallback>.+))?$/;

function parseItem(text: string, keywordOnly: boolean): SchemaItem {
  const match = itemPattern.exec(text);
  if (!match?.groups) throw new Error(`cannot read '${text}' in a schema`);
  const { type, name = '', fallback } = match.groups as { type: string; name?: string; fallback?: string };
  const alias = /\(([^)]*)\)/.exec(type);
  return {
    type: type.replace(/\([^)]*\)/, ''),
    name,
    fallback,
    keywordOnly,
    written: alias !== null && alias[1]!.includes('!'),
  };
}

/** Reads `name.overload(Type arg, *, Type arg=default) -> Type`. */
export function parseSchema(text: string): Schema {
  const match = /^(\w+)(?:\.(\w+))?\((.*)\) -> (.+)$/.exec(text);
  if (!match) throw new Error(`cannot read the schema '${text}'`);
  const [, name, overload = '', argumentText, returnText] = match as unknown as string[];
  const args: SchemaItem[] = [];
  let keywordOnly = false;
  for (const part of splitList(argumentText!)) {
    if (part === '*') keywordOnly = true;
    else args.push(parseItem(part, keywordOnly));
  }
  const inner = returnText!.startsWith('(') ? returnText!.slice(1, -1) : returnText!;
  return { name: name!, overload, args, returns: splitList(inner).map((part) => parseItem(part, false)) };
}
