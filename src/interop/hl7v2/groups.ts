import type { Hl7Message, Segment } from './message.ts';

/** A result line with the notes that follow it. */
export type ResultGroup = { obx: Segment; notes: Segment[] };

/** One order or report: ORC and OBR with what follows them, or a drug order, a vaccination. */
export type OrderGroup = {
  orc?: Segment;
  obr?: Segment;
  rxa?: Segment;
  rxr?: Segment;
  drug?: Segment;
  timing?: Segment;
  notes: Segment[];
  results: ResultGroup[];
  specimens: Segment[];
};

/** Everything that stands under one PID. */
export type PatientGroup = {
  pid?: Segment;
  mrg?: Segment;
  pv1?: Segment;
  pv2?: Segment;
  txa?: Segment;
  sch?: Segment;
  notes: Segment[];
  orders: OrderGroup[];
  /** OBX without an order: vital signs of an ADT. */
  results: ResultGroup[];
  /** OBX after TXA: the lines of a document. */
  lines: ResultGroup[];
  allergies: Segment[];
  diagnoses: Segment[];
  problems: Segment[];
  appointment: { segment: Segment }[];
  segments: Segment[];
};

type Walk = { groups: PatientGroup[]; patient: PatientGroup; order: OrderGroup | undefined; specimens: Segment[]; note: Segment[] };

/** Message structures nest by order of segments alone (HL7 v2.5.1 §2.12): one walk puts each segment under the one it belongs to. */
export function groupSegments(message: Hl7Message): PatientGroup[] {
  const first = emptyPatient();
  const walk: Walk = { groups: [first], patient: first, order: undefined, specimens: [], note: first.notes };
  for (const segment of message.segments) {
    place(walk, segment);
    walk.patient.segments.push(segment);
  }
  return walk.groups.filter((group) => group.pid ?? group.mrg);
}

function place(walk: Walk, segment: Segment): void {
  const { patient } = walk;
  switch (segment.name) {
    case 'PID':
      startPatient(walk, segment);
      return;
    case 'MRG':
      patient.mrg ??= segment;
      return;
    case 'PV1':
      patient.pv1 ??= segment;
      return;
    case 'PV2':
      patient.pv2 ??= segment;
      return;
    case 'TXA':
      patient.txa ??= segment;
      // What follows TXA is the document, no longer an order before it.
      walk.order = undefined;
      return;
    case 'SCH':
      patient.sch ??= segment;
      return;
    case 'AL1':
    case 'IAM':
      patient.allergies.push(segment);
      return;
    case 'DG1':
      patient.diagnoses.push(segment);
      return;
    case 'PRB':
      patient.problems.push(segment);
      walk.order = undefined;
      return;
    case 'AIS':
    case 'AIG':
    case 'AIL':
    case 'AIP':
      patient.appointment.push({ segment });
      return;
    default:
      placeOrder(walk, segment);
  }
}

function startPatient(walk: Walk, segment: Segment): void {
  if (walk.patient.pid) {
    walk.patient = emptyPatient();
    walk.groups.push(walk.patient);
  }
  walk.patient.pid = segment;
  walk.order = undefined;
  walk.specimens = [];
  walk.note = walk.patient.notes;
}

function placeOrder(walk: Walk, segment: Segment): void {
  switch (segment.name) {
    case 'ORC':
      startOrder(walk).orc = segment;
      return;
    case 'OBR':
      openOrder(walk, 'obr').obr = segment;
      return;
    case 'RXA':
      openOrder(walk, 'rxa').rxa = segment;
      return;
    case 'RXO':
    case 'RXE':
    case 'RXD':
      // An RXE restates the RXO before it in the dispenser's words and wins; an RXD is a dispense of either.
      openOrder(walk, 'drug', segment.name === 'RXO').drug = segment;
      return;
    case 'RXR':
      if (walk.order) walk.order.rxr ??= segment;
      return;
    case 'TQ1':
      if (walk.order) walk.order.timing ??= segment;
      return;
    case 'SPM':
      // In OUL the specimen comes before its orders, in ORU after them.
      if (walk.order && walk.order.results.length + walk.order.notes.length > 0) walk.order.specimens.push(segment);
      else if (walk.order?.obr) walk.order.specimens.push(segment);
      else walk.specimens = [segment];
      return;
    case 'OBX':
      placeResult(walk, segment);
      return;
    case 'NTE':
      walk.note.push(segment);
      return;
  }
}

function placeResult(walk: Walk, obx: Segment): void {
  const result: ResultGroup = { obx, notes: [] };
  if (walk.order) walk.order.results.push(result);
  else if (walk.patient.txa) walk.patient.lines.push(result);
  else walk.patient.results.push(result);
  walk.note = result.notes;
}

function startOrder(walk: Walk): OrderGroup {
  const order: OrderGroup = { notes: [], results: [], specimens: [...walk.specimens] };
  walk.patient.orders.push(order);
  walk.order = order;
  walk.note = order.notes;
  return order;
}

/** The order that an ORC just opened, or a new one. */
function openOrder(walk: Walk, slot: 'obr' | 'rxa' | 'drug', fresh = true): OrderGroup {
  const open = walk.order;
  if (!open || (fresh && open[slot]) || (slot === 'obr' && (open.rxa ?? open.drug))) return startOrder(walk);
  return open;
}

function emptyPatient(): PatientGroup {
  return { notes: [], orders: [], results: [], lines: [], allergies: [], diagnoses: [], problems: [], appointment: [], segments: [] };
}
