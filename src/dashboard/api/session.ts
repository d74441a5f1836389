/** Whether this browser may give commands, and signing it in with the token. */
import { useQueryClient } from '@tanstack/preact-query';
import { request } from './client.ts';
import { useApi } from './use-api.ts';

interface Session {
  readonly signedIn: boolean;
}

export interface SessionControl extends Session {
  signIn(token: string): Promise<void>;
  signOut(): Promise<void>;
}

export function useSession(): SessionControl {
  const client = useQueryClient();
  const { data } = useApi<Session>('/session');
  return {
    signedIn: data?.signedIn ?? false,
    async signIn(token) {
      await request<Session>('POST', '/session', { token });
      await client.invalidateQueries();
    },
    async signOut() {
      await request<Session>('DELETE', '/session');
      await client.invalidateQueries();
    },
  };
}
