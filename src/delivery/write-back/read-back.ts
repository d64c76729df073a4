import { documentText, PROPOSAL_SYSTEM, type SignedDocument } from './document.ts';
import { hasIdentifier, type Target } from './target.ts';

/**
 * How what the target holds differs from what was signed. `subject` and `content` say something false in a chart; `status` keeps what was signed
 * from being read as such; the rest lost something on the way without saying anything false.
 */
export type Difference = 'subject' | 'content' | 'status' | 'content-not-read' | 'label' | 'identifier' | 'signer';

/** A copy of the document in the target, as it was read back. */
export type Copy = {
  reference: string;
  /** Undefined where the target does not let us read it. */
  resource: Record<string, unknown> | undefined;
  /** Marked entered-in-error there: nobody takes it for a note any more. */
  withdrawn: boolean;
  /** In the order above; empty where it stands there as it was signed. */
  differences: Difference[];
};

/**
 * Compares a copy in the target with what was sent. What a server rightly adds or rewrites is passed over: `meta`, narrative, extensions, identifiers
 * of its own, absolute references, line ends, an attachment moved into a Binary.
 */
export async function readCopy(
  target: Target,
  reference: string,
  resource: Record<string, unknown>,
  sent: { signed: SignedDocument; resource: Record<string, unknown>; isPatient(reference: string): Promise<boolean> },
): Promise<Copy> {
  const { status, docStatus } = resource as { status?: unknown; docStatus?: unknown };
  const withdrawn = status === 'entered-in-error';
  const differences: Difference[] = [];
  if (!(await sent.isPatient(relative('Patient', referenceOf(resource['subject'])) ?? ''))) differences.push('subject');
  const content = await compareContent(target, resource, documentText(sent.signed));
  if (content !== undefined) differences.push(content);
  // A later version there, or an addendum, takes nothing back; no docStatus says nothing.
  const stands = status === 'current' || status === 'superseded';
  if (!withdrawn && !(stands && (docStatus === undefined || docStatus === 'final' || docStatus === 'amended'))) differences.push('status');
  if (isLabelled(sent.resource) && !isLabelled(resource)) differences.push('label');
  if (!hasIdentifier(resource, PROPOSAL_SYSTEM, sent.signed.proposalId)) differences.push('identifier');
  if (resource['authenticator'] === undefined) differences.push('signer');
  return { reference, resource, withdrawn, differences: differences.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)) };
}

const ORDER: readonly Difference[] = ['subject', 'content', 'status', 'content-not-read', 'label', 'identifier', 'signer'];

/** `Type/id` of a reference that may be absolute or name a version; undefined where it names another type or none. */
export function relative(type: string, reference: unknown): string | undefined {
  const id = new RegExp(`(?:^|/)${type}/([A-Za-z0-9\\-.]{1,64})(?:/_history/[^/]+)?/?$`).exec(String(reference ?? ''))?.[1];
  return id === undefined ? undefined : `${type}/${id}`;
}

/** Every plain text says the words that were signed, and one does; other renderings that the target made are its own. */
async function compareContent(target: Target, resource: Record<string, unknown>, signed: string): Promise<Difference | undefined> {
  let same = false;
  let unread = false;
  for (const attachment of attachmentsOf(resource)) {
    const type = String(attachment['contentType'] ?? '');
    // Turned into a page or a picture of it: there is something to read, which nothing here can compare.
    if (!type.startsWith('text/plain')) unread ||= !type.startsWith('application/json');
    if (!type.startsWith('text/plain')) continue;
    const bytes = await bytesOf(target, attachment);
    if (bytes === undefined) unread = true;
    else if (words(bytes.toString('utf8')) === words(signed)) same = true;
    else return 'content';
  }
  if (same) return undefined;
  return unread ? 'content-not-read' : 'content';
}

function attachmentsOf(resource: Record<string, unknown>): Record<string, unknown>[] {
  const list = Array.isArray(resource['content']) ? resource['content'] : [];
  return list.flatMap((one: { attachment?: unknown } | null) =>
    typeof one?.attachment === 'object' && one.attachment !== null ? [one.attachment as Record<string, unknown>] : [],
  );
}

async function bytesOf(target: Target, attachment: Record<string, unknown>): Promise<Buffer | undefined> {
  const { data, url } = attachment;
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  return typeof url === 'string' ? target.readBinary(url) : undefined;
}

function words(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}

function isLabelled(resource: Record<string, unknown>): boolean {
  const { security } = (resource['meta'] ?? {}) as { security?: unknown };
  return Array.isArray(security) && security.some((label: { code?: unknown } | null) => label?.code === 'AIAST');
}

function referenceOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { reference?: unknown }).reference : undefined;
}
