/* A laboratory and a registration desk that send HL7 v2 and remember what was answered: the other side's book of what was promised. */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export type Sent = {
  control: string;
  mrn: string;
  kind: 'result' | 'correction' | 'visit';
  bytes: Buffer;
  sha256: string;
  /** Answered AA: from then on it may not be lost. */
  acknowledged: boolean;
};

/** One connection's messages, in order; the next is sent when the one before it was answered. */
export type Lane = { sent: Sent[] };
export type Feed = { lanes: Lane[]; waitingMrns: string[]; refused: number };

export function openFeed(mrns: readonly string[], lanes: number): Feed {
  return { lanes: Array.from({ length: lanes }, () => ({ sent: [] })), waitingMrns: [...mrns], refused: 0 };
}

export function allSent(feed: Feed): Sent[] {
  return feed.lanes.flatMap((lane) => lane.sent);
}

/** Sends what was not answered, then new patients while `more` says so, on every lane at once. Resolves when all is answered or the line broke. */
export async function pump(port: number, feed: Feed, more: () => boolean, pauseMs = 0): Promise<void> {
  await Promise.all(feed.lanes.map((lane) => pumpLane(port, feed, lane, more, pauseMs)));
}

async function pumpLane(port: number, feed: Feed, lane: Lane, more: () => boolean, pauseMs: number): Promise<void> {
  const line = await openLine(port);
  if (!line) return;
  for (;;) {
    const message = nextOf(feed, lane, more);
    if (!message) break;
    const answer = await line.exchange(message.bytes);
    if (answer === undefined) break;
    if (answer.code === 'AA' && answer.control === message.control) message.acknowledged = true;
    else feed.refused += 1;
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
  }
  line.close();
}

function nextOf(feed: Feed, lane: Lane, more: () => boolean): Sent | undefined {
  const unanswered = lane.sent.find((one) => !one.acknowledged);
  if (unanswered) return unanswered;
  const mrn = more() ? feed.waitingMrns.shift() : undefined;
  if (mrn === undefined) return undefined;
  const first = lane.sent.length;
  lane.sent.push(...messagesAbout(mrn));
  return lane.sent[first];
}

/** A potassium, for every third patient its correction, and then a visit tomorrow, which asks for a draft. */
function messagesAbout(mrn: string): Sent[] {
  const corrected = Number(mrn) % 3 === 0;
  return [
    sent(mrn, 'result', potassium(mrn, { control: `R${mrn}`, value: '5.6', status: 'F', reported: hl7Time(-24) })),
    ...(corrected
      ? [sent(mrn, 'correction', potassium(mrn, { control: `C${mrn}`, value: '5.2', status: 'C', reported: hl7Time(-23) }))]
      : []),
    sent(mrn, 'visit', visit(mrn, `V${mrn}`)),
  ];
}

function sent(mrn: string, kind: Sent['kind'], text: string): Sent {
  const bytes = Buffer.from(text);
  const control = text.split('|')[9]!;
  return { control, mrn, kind, bytes, sha256: createHash('sha256').update(bytes).digest('hex'), acknowledged: false };
}

function potassium(
  mrn: string,
  { control, value, status, reported }: { control: string; value: string; status: string; reported: string },
): string {
  const drawn = hl7Time(-25);
  return [
    `MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|${reported}||ORU^R01^ORU_R01|${control}|P|2.5.1`,
    patient(mrn),
    `OBR|1||NL${mrn}^NORTHLAB|24320-4^Basic metabolic panel^LN|||${drawn}|||||||||||||||${reported}|||${status}`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|H|||${status}|||${drawn}`,
    '',
  ].join('\r');
}

function visit(mrn: string, control: string): string {
  return [
    `MSH|^~\\&|DESK|NORTH|COUNTERSIGN|NORTH|${hl7Time(-1)}||SIU^S12^SIU_S12|${control}|P|2.5.1`,
    `SCH|P${mrn}^DESK|F${mrn}^DESK|||||CHECKUP^check^L|FOLLOWUP^follow-up^L|20|min|^^20^${hl7Time(20)}^${hl7Time(21)}||||||||||||||Booked`,
    patient(mrn),
    'RGS|1',
    'AIP|1||7^DOE^JOHN',
    '',
  ].join('\r');
}

function patient(mrn: string): string {
  return `PID|1||${mrn}^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA^T||19550214|F`;
}

/** The instant so many hours from now, with its zone. */
export function hl7Time(hours: number): string {
  return `${new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}+0000`;
}

type Line = { exchange(bytes: Buffer): Promise<{ code: string; control: string } | undefined>; close(): void };

/** An MLLP connection; undefined when nobody listens. An exchange without an answer means that the line broke. */
async function openLine(port: number): Promise<Line | undefined> {
  const socket = connect(port, '127.0.0.1');
  const open = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  if (!open) return undefined;
  const answers = answersOf(socket);
  return {
    async exchange(bytes) {
      socket.write(Buffer.concat([Buffer.from([0x0b]), bytes, Buffer.from([0x1c, 0x0d])]));
      const text = (await answers.next()).value;
      const [, code = '', control = ''] = /MSA\|(\w\w)\|([^|\r]*)/.exec(text ?? '') ?? [];
      return text === undefined ? undefined : { code, control };
    },
    close: () => socket.destroy(),
  };
}

async function* answersOf(socket: Socket): AsyncGenerator<string, undefined> {
  let received = '';
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received += chunk.toString('latin1');
      for (let end = received.indexOf('\u001c\r'); end !== -1; end = received.indexOf('\u001c\r')) {
        yield received.slice(1, end);
        received = received.slice(end + 2);
      }
    }
  } catch {
    // A killed server resets the line.
  }
  return undefined;
}
