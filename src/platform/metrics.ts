import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What `/metrics` shows. Labels are codes from closed lists and route templates: no ids, no names, no sources of one patient,
 * because whoever scrapes metrics has no permit to read charts.
 */
export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'countersign_' });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `countersign_${name}`, help, labelNames, registers: [registry] });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name: `countersign_${name}`, help, labelNames, registers: [registry] });
  const seconds = <L extends string>(name: string, help: string, labelNames: readonly L[], buckets = usual) =>
    new Histogram({ name: `countersign_${name}_seconds`, help, labelNames, buckets, registers: [registry] });

  return {
    registry,
    requests: seconds('http_request', 'HTTP requests by route template, method and status', ['route', 'method', 'status']),
    receipts: counter('receipts_total', 'Payloads taken in, by door and outcome (stored, repeated, refused)', ['door', 'outcome']),
    receiptBytes: counter('receipt_bytes_total', 'Bytes of payloads taken in, by door', ['door']),
    segmentSync: seconds('segment_sync', 'Time until an acknowledged payload was on disk', [], fast),
    acknowledgement: seconds('acknowledgement', 'Time from the last byte of a message to its ACK, by door', ['door'], fast),
    facts: counter('facts_total', 'Facts read from payloads, by resource type', ['type']),
    quarantined: counter('quarantined_total', 'Items of payloads that could not be used and were kept, by reason code', ['reason']),
    jobs: counter('jobs_total', 'Job attempts, by kind and outcome (done, retry, dead)', ['kind', 'outcome']),
    jobDuration: seconds('job', 'Time a job took, by kind', ['kind']),
    jobsReady: gauge('jobs_ready', 'Jobs that wait', []),
    jobsDead: gauge('jobs_dead', 'Jobs that were given up', []),
    jobsOldestSeconds: gauge('jobs_oldest_due_seconds', 'How long the longest due job has waited', []),
    runs: seconds('run', 'Time of a run of a pack, verification included', ['pack']),
    verdicts: counter('verdicts_total', 'Sentences checked, by outcome (proven, unproven, contradicted)', ['outcome']),
    decisions: counter('decisions_total', 'Decisions of people, by pack and kind', ['pack', 'kind']),
    deliveries: counter('deliveries_total', 'Write-backs, by what was written and outcome (delivered, kept, waiting, altered)', [
      'surface',
      'outcome',
    ]),
    deliveriesWaiting: gauge('deliveries_waiting', 'Signed notes that wait for the EHR', []),
    deliveriesOldestSeconds: gauge('deliveries_oldest_waiting_seconds', 'How long the longest of them has waited since its signature', []),
    deliveriesOpen: gauge('deliveries_open', 'Deliveries that a person has to see to, by state (delivered, kept, failed)', ['state']),
    journalSize: gauge('journal_size', 'Entries under the latest signed checkpoint', []),
    journalPending: gauge('journal_pending', 'Entries that wait for the sequencer', []),
    databaseUp: gauge('database_up', '1 when the database answered the last readiness check', []),
    busUp: gauge('bus_up', '1 when the event bus is connected; absent without one', []),
  };
}

// Seconds. Doors answer in milliseconds, imports and runs in seconds.
const usual = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const fast = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1];
