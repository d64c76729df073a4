import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { colleaguesQuery } from '../queries.ts';
import './reason-bar.css';

/** Asks to whom and why, at the foot of the screen; what is handed on can be read meanwhile. */
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
  const ready = chosen !== '' && reason.trim() !== '' && !props.busy;
  // Where there is one colleague there is nothing to choose.
  const single = people.length === 1;
  useEffect(() => (single ? why : who).current?.focus(), [single]);

  return (
    <form
      className="reason"
      aria-label="Hand on this draft"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) props.onSend(chosen, reason.trim());
      }}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
    >
      <p className="small">
        <span className="strong">Hand on {props.what}.</span>{' '}
        <span className="second">
          It stays with them for four hours, then returns to the pool. They find it in the queue; nobody is notified.
        </span>
      </p>
      <div className="reason-line">
        <select ref={who} className="field reason-who" aria-label="To whom" value={chosen} onChange={(event) => setTo(event.target.value)}>
          {people.length !== 1 && <option value="">{colleagues.isPending ? 'Loading…' : 'To whom'}</option>}
          {people.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
        <input
          ref={why}
          className="field"
          aria-label="Why"
          placeholder="Why, in your words"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={500}
        />
        <button type="submit" className="button primary" disabled={!ready}>
          Hand on <kbd>Enter</kbd>
        </button>
        <button type="button" className="button" onClick={props.onCancel}>
          Cancel <kbd>Esc</kbd>
        </button>
      </div>
      {colleagues.data?.length === 0 && <p className="small look">There is nobody else here who may decide about drafts.</p>}
      {(props.refusal ?? colleagues.error) && (
        <p className="small withheld" role="alert">
          {props.refusal ?? `Who works here could not be read. ${colleagues.error?.message}`}
        </p>
      )}
    </form>
  );
}
