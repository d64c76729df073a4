import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import type { ChartSearch } from './chart-search.ts';
import { Shell } from './components/shell.tsx';
import type { QueueSearch } from './queue-search.ts';
import { Home } from './routes/home.tsx';
import { NotFound } from './routes/not-found.tsx';
import { PageFailed } from './routes/page-failed.tsx';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signin = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  validateSearch: (search: Record<string, unknown>): { next?: string } => kept({ next: localPath(search['next']) }),
  component: lazyRouteComponent(() => import('./routes/signin.tsx'), 'SignIn'),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const home = createRoute({ getParentRoute: () => shell, path: '/', component: Home });

export const queueRoute = createRoute({
  getParentRoute: () => shell,
  path: '/queue',
  validateSearch: (search: Record<string, unknown>): QueueSearch =>
    kept({
      state: word(search['state']),
      pack: word(search['pack']),
      due: dueWord(search['due']),
      who: whoWord(search['who']),
      q: word(search['q']),
    }),
  component: lazyRouteComponent(() => import('./routes/queue.tsx'), 'Queue'),
});

export const reviewRoute = createRoute({
  getParentRoute: () => shell,
  path: '/review/$id',
  component: lazyRouteComponent(() => import('./routes/review.tsx'), 'Review'),
});

export const patientsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/patients',
  validateSearch: (search: Record<string, unknown>): { q?: string } => kept({ q: word(search['q']) }),
  component: lazyRouteComponent(() => import('./routes/patients.tsx'), 'Patients'),
});

export const patientRoute = createRoute({
  getParentRoute: () => shell,
  path: '/patients/$id',
  validateSearch: (search: Record<string, unknown>): ChartSearch =>
    kept({ known: instant(search['known']), by: day(search['by']), kind: word(search['kind']), fact: word(search['fact']) }),
  component: lazyRouteComponent(() => import('./routes/patient.tsx'), 'Patient'),
});

export const feedsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/feeds',
  validateSearch: (search: Record<string, unknown>): { item?: string } => kept({ item: word(search['item']) }),
  component: lazyRouteComponent(() => import('./routes/feeds.tsx'), 'Feeds'),
});

export const receiptRoute = createRoute({
  getParentRoute: () => shell,
  path: '/receipts/$id',
  component: lazyRouteComponent(() => import('./routes/receipt.tsx'), 'Receipt'),
});

const explain = createRoute({
  getParentRoute: () => shell,
  path: '/explain',
  component: lazyRouteComponent(() => import('./routes/explain.tsx'), 'Explain'),
});

const measure = createRoute({
  getParentRoute: () => shell,
  path: '/measure',
  component: lazyRouteComponent(() => import('./routes/measure.tsx'), 'Measure'),
});

const journal = createRoute({
  getParentRoute: () => shell,
  path: '/journal',
  component: lazyRouteComponent(() => import('./routes/journal.tsx'), 'Journal'),
});

const tree = root.addChildren([
  signin,
  shell.addChildren([home, queueRoute, reviewRoute, patientsRoute, patientRoute, feedsRoute, receiptRoute, explain, measure, journal]),
]);

/** Code of the next page is fetched on intent; data is not, because opening a draft is journalled. */
export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: PageFailed,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function word(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function dueWord(value: unknown): QueueSearch['due'] {
  return value === 'hour' || value === 'today' || value === 'week' ? value : undefined;
}

function instant(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

function day(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined;
}

function whoWord(value: unknown): QueueSearch['who'] {
  return value === 'me' || value === 'nobody' ? value : undefined;
}

/** Only a path of this site: a sign-in link must not send anybody elsewhere. */
function localPath(value: unknown): string | undefined {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : undefined;
}

function kept<T extends object>(search: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
