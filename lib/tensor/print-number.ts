/**
 * Numbers as Python formats them: like `toFixed` and `toExponential`, but ties go to the even digit,
 * the sign of zero is kept, an exponent has two digits, and a fixed number of any size is written out.
 */

function named(value: number): string | undefined {
  if (Number.isNaN(value)) return 'nan';
  return Number.isFinite(value) ? undefined : value > 0 ? 'inf' : '-inf';
}

/**
 * Where `magnitude` lies exactly between two decimals of `digits` places, the even one of the two
 * (as an integer of that many places); `undefined` everywhere else.
 *
 * Halfway means that twice the number is odd in units of the last place. Powers of five are odd, so
 * the test needs powers of two alone, and those scale a double exactly.
 */
function evenNeighbour(magnitude: number, digits: number): bigint | undefined {
  const twice = magnitude * 2 ** (digits + 1);
  if (!Number.isInteger(twice) || twice % 2 === 0) return undefined;
  const below = (BigInt(twice) * 5n ** BigInt(digits) - 1n) / 2n;
  return below % 2n === 0n ? below : below + 1n;
}

/** Python's `f"{value:.{digits}f}"`. */
export function formatFixed(value: number, digits: number): string {
  const name = named(value);
  if (name !== undefined) return name;
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e21) return sign + BigInt(magnitude) + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
  const even = evenNeighbour(magnitude, digits);
  if (even === undefined) return sign + magnitude.toFixed(digits);
  if (digits === 0) return sign + even;
  const text = even.toString().padStart(digits + 1, '0');
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** As {@link evenNeighbour} for `digits` places after the first digit of a number of some exponent. */
function evenSignificant(magnitude: number, exponent: number, digits: number): bigint | undefined {
  if (exponent <= digits) return evenNeighbour(magnitude, digits - exponent);
  if (!Number.isInteger(magnitude)) return undefined;
  const unit = 10n ** BigInt(exponent - digits);
  const whole = BigInt(magnitude);
  if ((whole % unit) * 2n !== unit) return undefined;
  const below = whole / unit;
  return below % 2n === 0n ? below : below + 1n;
}

/** Python's `f"{value:.{digits}e}"`. */
export function formatExponential(value: number, digits: number): string {
  const name = named(value);
  if (name !== undefined) return name;
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  let text = magnitude.toExponential(digits);
  if (magnitude !== 0) {
    const exponent = Number(magnitude.toExponential().split('e')[1]);
    const even = evenSignificant(magnitude, exponent, digits)?.toString();
    // An even neighbour of one digit more is a power of ten, which `toExponential` rounds to as well.
    if (even !== undefined && even.length === digits + 1)
      text = `${even[0]}${digits > 0 ? `.${even.slice(1)}` : ''}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
  }
  return sign + text.replace(/e([+-])(\d)$/, 'e$10$2');
}
