/** Values as Python prints them, for `repr` strings that equal Python's. */

/** A number as Python's `repr` of a float or int shows it. A whole number is an int. */
export function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return String(Object.is(value, -0) ? 0 : value);
  const text = String(value);
  const size = Math.abs(value);
  // Python turns to exponents below 1e-4 and from 1e16 on, with at least two digits.
  if (size < 1e-4 || size >= 1e16) {
    const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
    const sign = exponent.startsWith('-') ? '-' : '+';
    return `${mantissa}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
  }
  return text;
}

/** A number where Python holds a float: whole numbers end in `.0`. */
export function pythonFloat(value: number): string {
  const text = pythonNumber(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Any plain value: `None`, `True`, `(0.9, 0.999)` for arrays with `tuple`, `[1, 2]` without. */
export function pythonValue(value: unknown, tuple = false): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return pythonNumber(value);
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) {
    const inner = value.map((item) => pythonValue(item)).join(', ');
    return tuple ? `(${inner}${value.length === 1 ? ',' : ''})` : `[${inner}]`;
  }
  return String(value);
}
