import { validateWithoutEval } from '@colibri/contracts';
import { createTheme, MantineProvider } from '@mantine/core';
import '@mantine/core/styles/baseline.css';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/global.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { router } from './app/router.tsx';
import { useTheme } from './lib/theme.ts';
import './styles/theme.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/board.css';

// The page's security policy forbids eval; without this the schemas would try it once and be reported.
validateWithoutEval();

const queryClient = new QueryClient({
  defaultOptions: { queries: { refetchOnWindowFocus: false, refetchOnReconnect: false, networkMode: 'always' } },
});
const mantine = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  cursorType: 'pointer',
  respectReducedMotion: true,
});

function App() {
  const theme = useTheme();
  return (
    <MantineProvider theme={mantine} forceColorScheme={theme === 'light' ? 'light' : 'dark'}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
      <div className="dome-glass" aria-hidden="true" />
    </MantineProvider>
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
