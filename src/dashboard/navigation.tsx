/** The rail: the mark, the pages, and whether this browser may give commands. */
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { useSession } from './api/session.ts';
import rose from './look/rose.svg';
import { To } from './parts/link.tsx';
import { SignIn } from './parts/sign-in.tsx';

const pages: readonly [path: string, name: string][] = [
  ['/', 'Routes'],
  ['/timeline', 'Timeline'],
  ['/containers', 'Containers'],
  ['/events', 'Events'],
  ['/audit', 'Audit'],
  ['/resolve', 'Resolve'],
  ['/system', 'System'],
];

export function Navigation() {
  const [location] = useLocation();
  const { signedIn, signOut } = useSession();
  const list = useRef<HTMLUListElement>(null);
  // On a phone the row of pages is wider than the window.
  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>('[aria-current="page"]');
    if (current)
      list.current?.scrollTo({
        left: current.offsetLeft - list.current.clientWidth / 2 + current.offsetWidth / 2,
      });
  }, [location]);
  const isCurrent = (path: string): boolean =>
    path === '/' ? location === '/' || location.startsWith('/routes') : location.startsWith(path);
  return (
    <nav class="rail" aria-label="Pages">
      <To href="/" class="brand">
        <img src={rose} alt="" width="48" height="48" />
        Portolan
      </To>
      <ul ref={list}>
        {pages.map(([path, name]) => (
          <li key={path}>
            <To href={path} current={isCurrent(path)}>
              {name}
            </To>
          </li>
        ))}
      </ul>
      <div class="foot">
        {signedIn ? (
          <>
            Signed in{' '}
            <button type="button" class="instant" onClick={() => void signOut()}>
              Sign out
            </button>
          </>
        ) : (
          <SignIn label="Sign in" />
        )}
      </div>
    </nav>
  );
}
