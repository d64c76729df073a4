import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Session } from './api.ts';
import { sessionQuery, statusQuery } from './queries.ts';

/** Who is signed in, once known. Pages below the shell are only drawn when it is. */
export function useSession(): Session | undefined {
  return useQuery(sessionQuery).data;
}

/** The site's own zone: every time on screen is in it. UTC until the server has said. */
export function useZone(): string {
  const session = useSession();
  const status = useQuery({ ...statusQuery, enabled: false }).data;
  return session?.site.zone ?? status?.site.zone ?? 'UTC';
}

/** The present, renewed each half minute: enough for minutes, and nothing flickers. */
export function useNow(everyMs = 30_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function useOnline(): boolean {
  const [online, setOnline] = useState(() => navigator.onLine);
  useEffect(() => {
    const change = () => setOnline(navigator.onLine);
    addEventListener('online', change);
    addEventListener('offline', change);
    return () => {
      removeEventListener('online', change);
      removeEventListener('offline', change);
    };
  }, []);
  return online;
}

/** Sets the title of the page for tabs, history and screen readers. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Countersign`;
  }, [title]);
}
