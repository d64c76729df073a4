import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Icon } from '../components/icon.tsx';
import { KeyBar } from '../components/keybar.tsx';
import { Failure, Skeleton } from '../components/notice.tsx';
import {
  hexOf,
  type ProofStep,
  proveConsistency,
  proveInclusion,
  proveSignature,
  readCheckpoint,
  type SeenCheckpoint,
} from '../journal-proof.ts';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { useTitle } from '../session.ts';
import './journal.css';

const SEEN = 'journal-seen';

/** The log of everything that happened, and its proof, checked in this browser with one button. */
export function Journal() {
  const checkpoint = useQuery({ queryKey: ['checkpoint'], queryFn: readCheckpoint, refetchInterval: 30_000 });
  const [entry, setEntry] = useState('');
  const checking = useMutation({
    mutationFn: (latest: SeenCheckpoint) => proveAll(latest, indexOf(entry, latest.size)),
    onSuccess: (steps, latest) => steps.every((step) => step.holds) && remember(latest),
  });
  useTitle('Journal');
  const latest = checkpoint.data;
  const check = () => latest && latest.size > 0 && !checking.isPending && checking.mutate(latest);
  const keys: KeyBinding[] = [{ key: 'v', does: 'check the proof', run: check, bar: true, off: !latest }];
  useKeys(keys);

  return (
    <>
      <main className="scroll">
        <div className="pagehead">
          <h1>{latest ? `${latest.size.toLocaleString('en-US')} entries stand under the latest signed checkpoint.` : 'Journal'}</h1>
          <p>
            Everything that was offered, opened, signed, written and recalled, in an append-only log. No patient data is in it: each entry
            is a salted commitment.
          </p>
        </div>
        <div className="page journal">
          {checkpoint.isPending && <Skeleton lines={6} label="Loading the checkpoint" />}
          {checkpoint.error && <Failure error={checkpoint.error} what="The latest checkpoint" again={() => void checkpoint.refetch()} />}
          {latest && (
            <>
              <dl className="journal-facts small">
                <Pair name="Log">{latest.origin}</Pair>
                <Pair name="Entries">{latest.size.toLocaleString('en-US')}</Pair>
                <Pair name="Root">
                  <span className="mono">{hexOf(latest.root)}</span>
                </Pair>
                <Pair name="Key">
                  <span className="mono">{latest.keys.join(' ')}</span>
                </Pair>
              </dl>
              <form
                className="journal-check"
                onSubmit={(event) => {
                  event.preventDefault();
                  check();
                }}
              >
                <button type="submit" className="button primary" disabled={latest.size === 0 || checking.isPending}>
                  Check the proof here <kbd>V</kbd>
                </button>
                <label className="small second">
                  of entry{' '}
                  <input
                    className="field"
                    inputMode="numeric"
                    placeholder="any"
                    value={entry}
                    onChange={(event) => setEntry(event.target.value.replaceAll(/\D/g, ''))}
                  />
                </label>
              </form>
              <div role="status">
                {checking.data?.map((step) => (
                  <Step key={step.text} step={step} />
                ))}
              </div>
              {checking.error && <Failure error={checking.error} what="The proof" />}
              <h2 className="strong small">The checkpoint as it was signed</h2>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1) */}
              <pre className="mono journal-note" tabIndex={0}>
                {latest.note}
              </pre>
              <p className="small second">
                Hashes and signature are checked in this page, not by the server. To check every entry without this server, run{' '}
                <code className="mono">countersign journal verify</code> on an export.
              </p>
            </>
          )}
        </div>
      </main>
      <KeyBar keys={[...keys, helpKey]} />
    </>
  );
}

function Pair(props: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="third">{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Step(props: { step: ProofStep }) {
  return (
    <p className={`word ${props.step.holds ? 'proven' : 'withheld strong'}`}>
      <Icon name={props.step.holds ? 'proven' : 'warning'} />
      <span>
        {props.step.holds ? 'Proven' : 'Not proven'}: {props.step.text}
      </span>
    </p>
  );
}

async function proveAll(latest: SeenCheckpoint, index: number): Promise<ProofStep[]> {
  const seen = remembered(latest.origin);
  const steps = [await proveSignature(latest, seen?.keys), await proveInclusion(latest, index)];
  if (seen && seen.size > 0) steps.push(await proveConsistency(seen, latest));
  return steps;
}

/** The entry asked for, else one by chance: a server cannot know which one it will have to prove. */
function indexOf(entry: string, size: number): number {
  return entry === '' ? Math.floor(Math.random() * size) : Math.min(Number(entry), size - 1);
}

function remembered(origin: string): Seen | undefined {
  try {
    const seen = JSON.parse(localStorage.getItem(SEEN) ?? 'null') as Seen | null;
    return seen?.origin === origin ? seen : undefined;
  } catch {
    return undefined;
  }
}

type Seen = { origin: string; size: number; root: string; keys?: string[] };

/** Only a checkpoint that held is remembered, and never a smaller one: a rolled-back log must stay found. */
function remember(latest: SeenCheckpoint): void {
  const seen = remembered(latest.origin);
  if (seen && seen.size >= latest.size) return;
  try {
    localStorage.setItem(SEEN, JSON.stringify({ origin: latest.origin, size: latest.size, root: hexOf(latest.root), keys: latest.keys }));
  } catch {
    // Storage refused: the next visit proves inclusion only.
  }
}
