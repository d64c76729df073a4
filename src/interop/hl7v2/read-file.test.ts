import { expect, it } from 'vitest';
import { payloadReader } from '../read-payload.ts';

const read = payloadReader({ feedZones: new Map(), authorities: new Map() });

it.each(['', '\r', '\r\n\r', ' '])('%j is no message, and is not taken for read: it is set aside with a reason', (text) => {
  const bytes = new Uint8Array(Buffer.from(text));
  const receipt = {
    id: crypto.randomUUID(),
    source: 'lab',
    door: 'mllp',
    contentType: 'application/hl7-v2+er7',
    sha256: '',
    size: bytes.length,
  } as const;

  const { people, rejections } = read(receipt, bytes);

  expect([people, rejections.map(({ reason, start, end }) => [reason, start, end])]).toEqual([[], [['no-msh', 0, bytes.length]]]);
});
