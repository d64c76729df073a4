import { useEffect, useRef, useState } from 'react';
import { FootBar, WordsField } from './foot-bar.tsx';

/** The server wants words, not a sigh. */
const SHORTEST = 3;

/** Asks why an item of quarantine is of no use. */
export function DismissBar(props: {
  what: string;
  busy: boolean;
  error: Error | null;
  onSend: (reason: string) => void;
  onCancel: () => void;
}) {
  const [reason, setReason] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <FootBar
      label="Dismiss this item"
      title={`Dismiss: ${props.what}`}
      effect="Its bytes stay; nothing of it is used. The reason is kept in the journal, so no patient in it."
      act="Dismiss"
      ready={reason.trim().length >= SHORTEST && !props.busy}
      refusal={props.error ? `Not dismissed. ${props.error.message}` : undefined}
      onSend={() => props.onSend(reason.trim())}
      onCancel={props.onCancel}
    >
      <WordsField ref={field} label="Why" placeholder="Why it is of no use" value={reason} onChange={setReason} />
    </FootBar>
  );
}
