import type { OperationOutcome } from '../../core/errors.ts';
import type { Served } from './outgoing.ts';

/** What a Bundle says beside its entries. Links are absolute. */
export type BundleHead = { type: 'searchset' | 'history'; total?: number; links: { relation: 'self' | 'next'; url: string }[] };

/** A searchset as text: resources go in as the text they are, so that no number is ever rewritten. `outcome` says what was ignored. */
export function searchset(head: BundleHead, base: string, resources: readonly Served[], outcome?: OperationOutcome): string {
  const entries = resources.map(
    (one) => `{"fullUrl":${JSON.stringify(`${base}/${one.type}/${one.id}`)},"resource":${one.text},"search":{"mode":"match"}}`,
  );
  if (outcome) entries.push(`{"resource":${JSON.stringify(outcome)},"search":{"mode":"outcome"}}`);
  return bundle(head, entries);
}

/** The versions of one resource as a history Bundle, newest first; `versions` come oldest first. */
export function history(head: BundleHead, base: string, versions: readonly Served[]): string {
  const entries = versions.map((one, index) => {
    const url = `${one.type}/${one.id}`;
    const request = JSON.stringify({ method: 'PUT', url });
    const response = JSON.stringify({ status: index === 0 ? '201' : '200', etag: etagOf(one), lastModified: one.lastUpdated });
    return `{"fullUrl":${JSON.stringify(`${base}/${url}`)},"resource":${one.text},"request":${request},"response":${response}}`;
  });
  return bundle(head, entries.reverse());
}

/** The weak ETag of a version (FHIR R4 §3.1.0.1.3). */
export function etagOf(resource: Pick<Served, 'versionId'>): string {
  return `W/"${resource.versionId}"`;
}

function bundle(head: BundleHead, entries: readonly string[]): string {
  const { type, total, links } = head;
  const start = JSON.stringify({ resourceType: 'Bundle', type, ...(total === undefined ? {} : { total }), link: links }).slice(0, -1);
  return entries.length === 0 ? `${start}}` : `${start},"entry":[${entries.join(',')}]}`;
}
