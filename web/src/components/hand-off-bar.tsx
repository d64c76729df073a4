import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { colleaguesQuery } from '../queries.ts';
import { FootBar, WordsField } from './foot-bar.tsx';

/** Asks to whom a draft is handed on, and why. */
export function HandOffBar(props: {
  what: string;
  busy: boolean;
  refusal: string | undefined;
  onSend: (to: string, reason: string) => void;
  onCancel: () => void;
}) {
  const colleagues = useQuery(colleaguesQuery);
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const who = useRef<HTMLSelectElement>(null);
  const why = useRef<HTMLInputElement>(null);
  const people = colleagues.data ?? [];
  const chosen = to || (people.length === 1 ? people[0]!.id : '');
  const unknown = colleagues.error ? `Who works here could not be read. ${colleagues.error.message}` : undefined;
  // Where there is one colleague there is nothing to choose.
  const single = people.length === 1;
  useEffect(() => (single ? why : who).current?.focus(), [single]);
  return (
    <FootBar
      label="Hand on this draft"
      title={`Hand on ${props.what}.`}
      effect="It stays with them for four hours, then returns to the pool. They find it in the queue; nobody is notified."
      act="Hand on"
      ready={chosen !== '' && reason.trim() !== '' && !props.busy}
      refusal={props.refusal ?? unknown}
      note={colleagues.data?.length === 0 && <p className="small look">There is nobody else here who may decide about drafts.</p>}
      onSend={() => props.onSend(chosen, reason.trim())}
      onCancel={props.onCancel}
    >
      <select
        ref={who}
        className="field foot-bar-choice"
        aria-label="To whom"
        value={chosen}
        onChange={(event) => setTo(event.target.value)}
      >
        {people.length !== 1 && <option value="">{colleagues.isPending ? 'Loading…' : 'To whom'}</option>}
        {people.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
      <WordsField ref={why} label="Why" placeholder="Why, in your words" value={reason} onChange={setReason} />
    </FootBar>
  );
}
