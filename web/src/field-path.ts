/**
 * A path as people say it: `ORU_R01/PID[1]-3[1].1` is `PID-3.1`. A segment keeps its number where there are several of it, a repetition where it
 * is not the first; what is no HL7 v2 path stays as it is.
 */
export function fieldPath(path: string, several: ReadonlySet<string>): string {
  const parts = /^[A-Z0-9_]+\/([A-Z][A-Z0-9]{2})\[(\d+)\](?:-(\d+)(?:\[(\d+)\])?(.*))?$/.exec(path);
  if (!parts) return path;
  const [, segment = '', number = '', field, repetition, rest = ''] = parts;
  const place = several.has(segment) ? `${segment}[${number}]` : segment;
  if (field === undefined) return place;
  return `${place}-${field}${repetition === undefined || repetition === '1' ? '' : `[${repetition}]`}${rest}`;
}

/** Where the reason of a refusal stands in a message: of a birth date or sex that differs, not the identifier that it was found by. */
export function refusedField(item: string, reason: string): string {
  const field = { 'birth-date-differs': '7', 'sex-differs': '8' }[reason];
  return field ? item.replace(/^([A-Z0-9_]+\/PID\[\d+\])-3\b.*$/, `$1-${field}[1]`) : item;
}

/** The segments that a message has more than one of, by the paths of its fields. */
export function repeatedSegments(paths: readonly string[]): Set<string> {
  return new Set(paths.flatMap((path) => /\/([A-Z][A-Z0-9]{2})\[(?!1\])\d+\]/.exec(path)?.[1] ?? []));
}
