import { isObject, primitiveText } from './json.ts';
import type { ScannedEntry } from './scan.ts';

/** Why entries of a Bundle may not be used for what stands beside them, whatever they say themselves. */
export type Refused = Map<ScannedEntry, { reason: string; detail: string }>;

/**
 * The entries of a payload in the order in which they came about, and those that their neighbours speak against: entries that share a fullUrl
 * and are not the same (FHIR R4 bdl-7; a reference to it could mean either, and so another patient), and in a history what was deleted later.
 */
export function orderEntries(
  entries: readonly ScannedEntry[],
  bundleType: string | undefined,
): { ordered: ScannedEntry[]; refused: Refused } {
  // FHIR R4 §3.1.0.12: a history lists the newest version first.
  if (bundleType === 'history') return { ordered: entries.toReversed(), refused: deletedLater(entries) };
  return { ordered: [...entries], refused: sharingFullUrl(entries) };
}

function sharingFullUrl(entries: readonly ScannedEntry[]): Refused {
  const refused: Refused = new Map();
  const named = entries.filter((entry) => entry.fullUrl !== undefined && isObject(entry.resource));
  for (const [, sharing] of Map.groupBy(named, (entry) => entry.fullUrl)) {
    if (sharing.length < 2 || sharing.every((entry) => entry.text === sharing[0]!.text)) continue;
    const others = (entry: ScannedEntry): string => sharing.filter((one) => one !== entry).map(({ path }) => path).join(', '); // biome-ignore format: short
    for (const entry of sharing) {
      refused.set(entry, {
        reason: 'full-url-repeated',
        detail: `The fullUrl stands at ${others(entry)} too: a reference to it could mean either.`,
      });
    }
  }
  return refused;
}

function deletedLater(entries: readonly ScannedEntry[]): Refused {
  const refused: Refused = new Map();
  const deleted = new Map<string, string>();
  for (const entry of entries) {
    const address = addressOf(entry);
    if (address === undefined) continue;
    const by = deleted.get(address);
    if (by !== undefined && isObject(entry.resource)) {
      refused.set(entry, { reason: 'deleted-at-source', detail: `Its source deleted it later, as ${by} says.` });
    }
    if (entry.request?.['method'] === 'DELETE') deleted.set(address, entry.path);
  }
  return refused;
}

/** `Type/id` of what an entry is about, by its resource or the address it was sent to. */
function addressOf({ resource, request }: ScannedEntry): string | undefined {
  if (isObject(resource)) return `${primitiveText(resource['resourceType'])}/${primitiveText(resource['id'])}`;
  return /([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/.exec(primitiveText(request?.['url']) ?? '')?.[1];
}
