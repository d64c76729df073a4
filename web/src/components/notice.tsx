import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ApiError } from '../api.ts';
import { Icon, type IconName } from './icon.tsx';

/** A strip across the page: what happened and what can be done about it. It never covers what is being read. */
export function Notice(props: { tone: 'look' | 'withheld' | 'accent' | 'second'; icon: IconName; children: ReactNode; urgent?: boolean }) {
  return (
    <div className={`notice ${props.tone}`} role={props.urgent ? 'alert' : 'status'}>
      <Icon name={props.icon} />
      <div>{props.children}</div>
    </div>
  );
}

/** A refusal or a failure in the place of what was asked for: what it was, what to do, whom to ask. */
export function Failure(props: { error: Error; what: string; again?: () => void }) {
  const { title, advice } = adviceFor(props.error, props.what);
  return (
    <div className="failure" role="alert">
      <p className="strong word withheld">
        <Icon name="warning" />
        <span>{title}</span>
      </p>
      <p className="second">{advice}</p>
      {props.again && (
        <button type="button" className="button" onClick={props.again}>
          Try again
        </button>
      )}
      {isStatus(props.error, 401) && (
        <Link to="/signin" className="button">
          Sign in
        </Link>
      )}
    </div>
  );
}

/** The same where it is the whole page. */
export function FailurePage(props: { error: Error; what: string; again?: () => void }) {
  return (
    <main className="scroll">
      <h1 className="unseen">{props.what}</h1>
      <Failure {...props} />
    </main>
  );
}

/** An empty place says what is missing and why that may be, in words. */
export function Empty(props: { title: string; children?: ReactNode }) {
  return (
    <div className="failure">
      <p className="strong">{props.title}</p>
      {props.children && <p className="second">{props.children}</p>}
    </div>
  );
}

/** Lines of the height that the answer will have, so that nothing jumps when it comes. */
export function Skeleton(props: { lines: number; label: string }) {
  const widths = [92, 64, 78, 54, 86, 70, 60];
  return (
    <div className="skeleton" role="status" aria-label={props.label}>
      {Array.from({ length: props.lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bones have no identity
        <div key={index} className="skeleton-line">
          <span className="bone" style={{ width: `${widths[index % widths.length]}%` }} />
        </div>
      ))}
    </div>
  );
}

function adviceFor(error: Error, what: string): { title: string; advice: string } {
  if (!(error instanceof ApiError))
    return {
      title: `${what} could not be shown.`,
      advice: 'This page failed, not the record. Reload it; if it fails again, tell the integration team.',
    };
  if (error.status === 0)
    return {
      title: `${what}: no answer from Countersign.`,
      advice: 'Check the network of this computer. Nothing you had not sent was sent; what is on screen may be old.',
    };
  if (error.status === 401) return { title: 'Your session has ended.', advice: 'Sign in again to go on. Nothing was lost or sent.' };
  if (error.status === 403)
    return {
      title: `You may not see this: ${lowerFirst(what)}.`,
      advice: `${error.message} Ask the governance lead of this site for access, or sign in with another role.`,
    };
  if (error.status === 404)
    return {
      title: `${what} was not found.`,
      advice: 'The address may be old, or what it named was withdrawn. Go back to the queue and open it from there.',
    };
  if (error.status === 429) return { title: 'Too many requests from this page.', advice: 'Wait a minute, then try again.' };
  return {
    title: `${what} could not be read.`,
    advice: `${error.message} Try again; if it fails again, tell the integration team the time and this page.`,
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function isStatus(error: Error, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}
