/** The rule by which Python's names become TypeScript's. */

/**
 * snake_case to camelCase: an underscore before a letter goes, an underscore before a digit and a
 * trailing one stay (`index_add_` → `indexAdd_`, `atleast_1d` as it is). The addon uses the same rule
 * for keys (native/dispatch/plan.cc).
 */
export function camelCase(name: string): string {
  return name.replace(/(?<=.)_([a-zA-Z])/g, (_, letter: string) => letter.toUpperCase());
}
