/** Whether this browser may give commands, and signing it in with the token. */
import { useQueryClient } from '@tanstack/preact-query';
import { request } from './client.ts';
import { forgetKey, keepKey } from './session-key.ts';
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
      const { key } = await request<{ readonly key: string }>('POST', '/session', { token });
      keepKey(key);
      await client.invalidateQueries();
    },
    async signOut() {
      await request<Session>('DELETE', '/session');
      forgetKey();
      await client.invalidateQueries();
    },
  };
}
