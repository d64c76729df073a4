import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { IdentityView } from '../../../src/core/api.ts';
import { signIn } from '../api.ts';
import { Icon } from '../components/icon.tsx';
import { Failure, Skeleton } from '../components/notice.tsx';
import { useKeys } from '../keys.ts';
import { tellOtherTabs } from '../other-tabs.ts';
import { identitiesQuery, queryClient, sessionQuery, statusQuery } from '../queries.ts';
import { useTitle } from '../session.ts';
import { signatures } from '../signatures.ts';
import { forgetWordsOfOthers } from '../unsaved-words.ts';
import { roleWords } from '../words.ts';
import './signin.css';

/** Who may sign in here. Demo identities exist only on the machine itself (loopback); a real site sends people to its own sign-in. */
export function SignIn() {
  const identities = useQuery(identitiesQuery);
  const status = useQuery(statusQuery).data;
  const { next } = useSearch({ from: '/signin' });
  const navigate = useNavigate();
  useTitle('Sign in');

  const entering = useMutation({
    mutationFn: (identity: string) => signIn(identity),
    onSuccess: ({ identity, site }) => {
      queryClient.clear();
      signatures.keepOnly(identity.id);
      forgetWordsOfOthers(identity.id);
      tellOtherTabs({ identity });
      queryClient.setQueryData(sessionQuery.queryKey, { identity, site });
      void navigate({ href: next ?? '/' });
    },
  });
  useKeys(
    (identities.data ?? [])
      .slice(0, 9)
      .map((one, index) => ({ key: `${index + 1}`, does: `sign in as ${one.name}`, run: () => entering.mutate(one.id) })),
  );

  return (
    <main className="signin">
      <p className="signin-mark">
        <Icon name="mark" className="accent" /> Countersign
      </p>
      <h1>Sign in{status ? ` to ${status.site.name}` : ''}</h1>
      <p className="second">
        Drafts proven against the chart. Nothing is written until a clinician has signed it, and every sentence leads back to the byte it
        came from.
      </p>
      {status?.loading.state === 'loading' && (
        <p className="signin-loading small" role="status">
          The demo hospital is still loading: {status.loading.step}, {status.loading.done.toLocaleString('en-US')} of{' '}
          {status.loading.total.toLocaleString('en-US')}. You can sign in now; drafts appear as they are ready.
          <progress value={status.loading.done} max={Math.max(status.loading.total, 1)} aria-label="Loading of the demo hospital" />
        </p>
      )}
      {identities.isPending && <Skeleton lines={6} label="Loading who may sign in" />}
      {identities.error && <Failure error={identities.error} what="Who may sign in" again={() => void identities.refetch()} />}
      {entering.error && <Failure error={entering.error} what="Signing in" />}
      {identities.data && <IdentityList identities={identities.data} busy={entering.isPending} onChoose={(id) => entering.mutate(id)} />}
      <p className="label">Demo people, only on this machine. Patients are synthetic.</p>
    </main>
  );
}

function IdentityList(props: { identities: IdentityView[]; busy: boolean; onChoose: (id: string) => void }) {
  if (props.identities.length === 0) {
    return (
      <p className="small">
        Nobody may sign in here: demo identities exist only when the server was started with --demo on this machine. Ask the person who runs
        it.
      </p>
    );
  }
  return (
    <ol className="signin-list">
      {props.identities.map((one, index) => (
        <li key={one.id}>
          <button type="button" disabled={props.busy} onClick={() => props.onChoose(one.id)}>
            <span>
              <span className="strong">{one.name}</span>, {roleWords[one.role].title}
              <span className="signin-does">{roleWords[one.role].does}</span>
            </span>
            {index < 9 && <kbd>{index + 1}</kbd>}
          </button>
        </li>
      ))}
    </ol>
  );
}
