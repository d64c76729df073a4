import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { listenForKeys } from './keys.ts';
import { queryClient } from './queries.ts';
import { router } from './router.tsx';
import { guardLeaving } from './signatures.ts';
import './theme.css';

listenForKeys();
guardLeaving();

// Mantine's own <style> tags are switched off: the content policy allows none, and the tokens of theme.css are the only colours here.
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider withCssVariables={false} withGlobalClasses={false} withStaticClasses deduplicateCssVariables={false}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
