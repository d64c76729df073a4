import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouter, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { IdentityView } from '../../../src/core/api.ts';
import { ApiError, signOut } from '../api.ts';
import { useKeys } from '../keys.ts';
import { hearOtherTabs, tellOtherTabs } from '../other-tabs.ts';
import { queryClient, sessionQuery, statusQuery } from '../queries.ts';
import { useOnline } from '../session.ts';
import { signatures } from '../signatures.ts';
import { toggleTheme, useTheme } from '../theme.ts';
import { zoneName } from '../time.ts';
import { forgetWordsOfOthers, hasUnsavedWords } from '../unsaved-words.ts';
import { HeldStrip, LeftUnsigned } from './held-strip.tsx';
import { Icon } from './icon.tsx';
import { KeysHelp } from './keys-help.tsx';
import { FailurePage, Notice, Skeleton } from './notice.tsx';
import './shell.css';

const pages = [
  { to: '/queue', word: 'Queue', roles: ['clinician'] },
  { to: '/patients', word: 'Patients', roles: ['clinician', 'integration'] },
  { to: '/feeds', word: 'Feeds', roles: ['integration'] },
  { to: '/explain', word: 'Explain', roles: ['integration'] },
  { to: '/measure', word: 'Measure', roles: ['clinician', 'integration', 'governance'] },
  { to: '/journal', word: 'Journal', roles: ['clinician', 'integration', 'governance'] },
] as const satisfies { to: string; word: string; roles: IdentityView['role'][] }[];

/** The frame of every page behind sign-in: who you are, where you are, what waits, and what the whole system has to say. */
export function Shell() {
  const session = useQuery(sessionQuery);
  const navigate = useNavigate();
  const router = useRouter();
  const signedOut = session.error instanceof ApiError && session.error.status === 401;
  // Nobody is taken away from a sentence they are writing.
  const leaving = signedOut && !hasUnsavedWords();
  const [help, setHelp] = useState(false);
  const [taken, setTaken] = useState<string | undefined>();
  const here = useRouterState({ select: (state) => state.location.href });
  useRecovery();
  useKeys([{ key: '?', does: 'keys', run: () => setHelp((shown) => !shown) }]);

  useEffect(() => {
    // Read when it happens: the address changes while this page is being left, and must not lead back to sign-in.
    if (leaving) void navigate({ to: '/signin', search: { next: router.state.location.href }, replace: true });
  }, [leaving, navigate, router]);

  const me = session.data?.identity.id;
  useEffect(
    () =>
      hearOtherTabs(({ identity }) => {
        if (identity?.id === me) return;
        if (identity) {
          signatures.keepOnly(identity.id);
          forgetWordsOfOthers(identity.id);
          setTaken(identity.name);
          queryClient.clear();
        }
        void queryClient.invalidateQueries();
        void session.refetch();
      }),
    [me, session.refetch],
  );

  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <TopBar />
      <SystemNotices />
      {signedOut && !leaving && (
        <Notice tone="look" icon="warning" urgent>
          <span className="strong">Your session has ended.</span> What you are writing is kept in this page.{' '}
          <Link to="/signin" search={{ next: here }} className="link">
            Sign in and go on
          </Link>
        </Notice>
      )}
      {taken && (
        <Notice tone="look" icon="warning" urgent>
          {taken} signed in from another tab: this page now acts for them. Signatures that had not been sent were taken back.{' '}
          <button type="button" className="link" onClick={() => setTaken(undefined)}>
            Got it
          </button>
        </Notice>
      )}
      <div id="main" className="shell-page" tabIndex={-1}>
        {session.data ? (
          <Outlet />
        ) : session.error && !signedOut ? (
          <FailurePage error={session.error} what="Your session" again={() => void session.refetch()} />
        ) : (
          <Skeleton lines={12} label="Loading" />
        )}
      </div>
      <HeldStrip />
      {help && <KeysHelp onClose={() => setHelp(false)} />}
    </div>
  );
}

function TopBar() {
  const session = useQuery(sessionQuery).data;
  const theme = useTheme();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const navigate = useNavigate();
  const role = session?.identity.role;
  const other = theme === 'dark' ? 'Light' : 'Dark';

  async function leave() {
    signatures.undoAll();
    await signOut().catch(() => undefined);
    tellOtherTabs({ identity: null });
    queryClient.clear();
    void navigate({ to: '/signin' });
  }

  return (
    <header className="topbar">
      <Link to="/" className="topbar-mark">
        <Icon name="mark" className="accent" />
        Countersign
      </Link>
      <nav aria-label="Pages">
        {pages
          .filter((page) => role && (page.roles as readonly string[]).includes(role))
          .map((page) => (
            <Link
              key={page.to}
              to={page.to}
              activeOptions={{ includeSearch: false }}
              aria-current={isHere(page, path) ? 'page' : undefined}
            >
              {page.word}
            </Link>
          ))}
      </nav>
      <span id="topbar-slot" className="topbar-slot" />
      {session && (
        <span className="second topbar-site">
          {session.site.name}, times in {zoneName(session.site.zone)}
        </span>
      )}
      {session && (
        <span className="topbar-who">
          {session.identity.name}
          <span className="topbar-role">, {session.identity.role}</span>
        </span>
      )}
      {session && (
        <button type="button" className="topbar-button" onClick={() => void leave()}>
          Sign out
        </button>
      )}
      <button type="button" className="topbar-button" onClick={toggleTheme} aria-label={`${other} theme`}>
        {other}
      </button>
    </header>
  );
}

/** When a silent server answers again, what stands on the page is asked again: nobody has to press anything. A draft being read is not moved. */
function useRecovery() {
  const silent = isSilent(useQuery(statusQuery).error);
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !silent) {
      void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'proposal' || query.state.status === 'error' });
    }
    was.current = silent;
  }, [silent]);
}

/** A draft belongs to the queue and a receipt to the feeds, so their words stay marked. */
function isHere(page: { to: string }, path: string): boolean {
  const also: Record<string, string> = { '/queue': '/review/', '/feeds': '/receipts/' };
  return path.startsWith(page.to) || path.startsWith(also[page.to] ?? '\n');
}

/** Offline, server silent, demo still loading: said across the page, with how far it is and what works meanwhile. */
function SystemNotices() {
  const online = useOnline();
  const status = useQuery(statusQuery);
  const loading = status.data?.loading;
  return (
    <>
      {!online && (
        <Notice tone="look" icon="warning" urgent>
          This computer is offline. What you see may be old; nothing is signed or sent until it is back.
        </Notice>
      )}
      {online && isSilent(status.error) && (
        <Notice tone="look" icon="warning" urgent>
          Countersign does not answer. What you see may be old; this page asks again by itself.
        </Notice>
      )}
      {loading?.state === 'loading' && (
        <Notice tone="second" icon="partial">
          <LoadingWords step={loading.step} done={loading.done} total={loading.total} />
        </Notice>
      )}
      {loading?.state === 'failed' && (
        <Notice tone="withheld" icon="warning" urgent>
          Loading the demo hospital stopped at: {loading.step}. What came before it can be used; see the server log.
        </Notice>
      )}
      <LeftUnsigned />
    </>
  );
}

/** A server that answers with a refusal is there; one that gives no answer, or only faults, is not. */
function isSilent(error: Error | null): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

function LoadingWords(props: { step: string; done: number; total: number }) {
  return (
    <span className="loading">
      <span>
        The demo hospital is still loading: {props.step}, {props.done.toLocaleString('en-US')} of {props.total.toLocaleString('en-US')}.
        Drafts appear as they are ready.
      </span>
      <progress value={props.done} max={Math.max(props.total, 1)} aria-label="Loading of the demo hospital" />
    </span>
  );
}
