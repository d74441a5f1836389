/** The dashboard's entry: what is shared by all pages, put together and shown. */
import './look/tokens.css';
import './look/base.css';
import './look/shell.css';
import './look/time.css';
import './look/parts.css';
import './look/pages.css';
import { QueryClient, QueryClientProvider } from '@tanstack/preact-query';
import { render } from 'preact';
import { startLive } from './api/live.ts';
import { takeKeyFromAddress } from './api/session-key.ts';
import { App } from './app.tsx';

takeKeyFromAddress();
const client = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false } } });
const live = startLive(client);

render(
  <QueryClientProvider client={client}>
    <App live={live} />
  </QueryClientProvider>,
  document.getElementById('app')!,
);
