import { useEffect, useRef, useState } from 'react';
import './reason-bar.css';

/** The server wants words, not a sigh. */
const SHORTEST = 3;

/** Asks why an item of quarantine is of no use, at the foot of the page, so that the message can still be read. */
export function DismissBar(props: {
  what: string;
  busy: boolean;
  error: Error | null;
  onSend: (reason: string) => void;
  onCancel: () => void;
}) {
  const [reason, setReason] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const ready = reason.trim().length >= SHORTEST && !props.busy;
  useEffect(() => field.current?.focus(), []);
  return (
    <form
      className="reason"
      aria-label="Dismiss this item"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) props.onSend(reason.trim());
      }}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
    >
      <p className="small">
        <span className="strong">Dismiss: {props.what}</span>{' '}
        <span className="second">Its bytes stay; nothing of it is used. The reason is kept in the journal, so no patient in it.</span>
      </p>
      <div className="reason-line">
        <input
          ref={field}
          className="field"
          aria-label="Why"
          placeholder="Why it is of no use"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={500}
        />
        <button type="submit" className="button primary" disabled={!ready}>
          Dismiss <kbd>Enter</kbd>
        </button>
        <button type="button" className="button" onClick={props.onCancel}>
          Cancel <kbd>Esc</kbd>
        </button>
      </div>
      {props.error && (
        <p className="small withheld" role="alert">
          Not dismissed. {props.error.message}
        </p>
      )}
    </form>
  );
}
