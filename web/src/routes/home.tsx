import { Navigate } from '@tanstack/react-router';
import { useSession } from '../session.ts';

const first = { clinician: '/queue', integration: '/feeds', governance: '/measure' } as const;

/** The page that a role works on. */
export function Home() {
  const session = useSession();
  return session ? <Navigate to={first[session.identity.role]} replace /> : null;
}
