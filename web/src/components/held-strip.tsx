import { Link, useRouterState } from '@tanstack/react-router';
import { useState } from 'react';
import type { HeldSignature } from '../held-signatures.ts';
import { useKeys } from '../keys.ts';
import { forgetLeftUnsigned, leftUnsigned, signatures, useSignatures } from '../signatures.ts';
import { Icon } from './icon.tsx';
import { Notice } from './notice.tsx';
import { isUnread } from './review-notice.tsx';

/** Signatures that wait for their ten seconds, are on their way, or came back refused. It stays below whatever is read next. */
export function HeldStrip() {
  const held = useSignatures();
  const last = held.findLast((one) => one.state === 'held');
  useKeys([{ key: 'u', does: 'undo the last signature', run: () => last && signatures.undo(last.proposal), off: !last }]);
  if (held.length === 0) return null;
  return (
    <section className="held" aria-label="Signatures under way">
      {held.map((one) => (
        <HeldLine key={one.proposal} held={one} undoable={one === last} />
      ))}
    </section>
  );
}

/** Said once after a page was closed on a held signature: it was not sent, and where the draft is. */
export function LeftUnsigned() {
  const [shown, setShown] = useState(leftUnsigned.length > 0);
  if (!shown) return null;
  return (
    <Notice tone="look" icon="warning" urgent>
      {leftUnsigned.length === 1 ? 'One signature was not sent' : `${leftUnsigned.length} signatures were not sent`}: the page was closed
      within its ten seconds. Nothing was written.{' '}
      {leftUnsigned.map((id, index) => (
        <Link key={id} to="/review/$id" params={{ id }} className="link">
          Open the draft{leftUnsigned.length > 1 ? ` ${index + 1}` : ''}{' '}
        </Link>
      ))}
      <button
        type="button"
        className="link"
        onClick={() => {
          forgetLeftUnsigned();
          setShown(false);
        }}
      >
        Got it
      </button>
    </Notice>
  );
}

function HeldLine(props: { held: HeldSignature; undoable: boolean }) {
  const { held } = props;
  const what = `${held.patient}, ${held.title.toLowerCase()}`;
  if (held.state === 'failed') return <FailedLine held={held} />;
  if (held.state === 'signed') {
    return (
      <div className="held-line">
        <p className="word proven" role="status">
          <Icon name="proven" />
          <span>
            Signed: {what}.{' '}
            <Link to="/review/$id" params={{ id: held.proposal }}>
              See what was written
            </Link>
          </span>
        </p>
        <button type="button" className="button" onClick={() => signatures.dismiss(held.proposal)}>
          Close
        </button>
      </div>
    );
  }
  return (
    <div className="held-line">
      <p className="word">
        <Icon name="clock" className="accent" />
        <span>
          <span role="status">Signature given for {what}.</span>{' '}
          <span className="second">
            {held.state === 'sending' ? 'Sending…' : `Sent in ${held.secondsLeft} s. Closing this page before then sends nothing.`}
          </span>
        </span>
      </p>
      {held.state === 'held' && (
        <span className="held-acts">
          <button type="button" className="button" onClick={() => signatures.undo(held.proposal)}>
            Undo {props.undoable && <kbd>U</kbd>}
          </button>
          <button type="button" className="button" onClick={() => void signatures.sendNow(held.proposal)}>
            Send now
          </button>
        </span>
      )}
    </div>
  );
}

function FailedLine(props: { held: HeldSignature }) {
  const { held } = props;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const retryable = held.error?.status === 0 || held.error?.status === 401 || (held.error?.status ?? 0) >= 500 || isUnread(held.error);
  // The draft itself says why at its top; saying it twice on one screen helps nobody.
  if ((!retryable || isUnread(held.error)) && path === `/review/${held.proposal}`) return null;
  return (
    <div className="held-line" role="alert">
      <p className="word withheld">
        <Icon name="warning" />
        <span>
          <span className="strong">Not signed: {`${held.patient}, ${held.title.toLowerCase()}`}.</span> {reasonOf(held)}
        </span>
      </p>
      <span className="held-acts">
        {retryable ? (
          <button type="button" className="button" onClick={() => void signatures.sendNow(held.proposal)}>
            Send again
          </button>
        ) : (
          <Link to="/review/$id" params={{ id: held.proposal }} className="button">
            Open the draft
          </Link>
        )}
        <button type="button" className="button" onClick={() => signatures.dismiss(held.proposal)}>
          Close
        </button>
      </span>
    </div>
  );
}

function reasonOf(held: HeldSignature): string {
  const { error } = held;
  if (!error || error.status === 0) return 'No answer came. If it did arrive, sending again changes nothing: a draft is signed once.';
  if (error.status === 401) return 'Your session had ended; nothing was written. Sign in, then send it again.';
  if (isUnread(error))
    return 'A message that may be about this patient has arrived and is not read yet; nothing was written. Send it again in a moment.';
  if (error.code === 'stale') return 'The chart changed after this draft was written; nothing was written.';
  if (error.code === 'decided') return 'Somebody decided it before; nothing was written twice.';
  if (error.code === 'hash') return 'The draft was edited elsewhere after you read it; nothing was written.';
  return `${error.message} Nothing was written.`;
}
