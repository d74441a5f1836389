/** The rail: the mark, the pages, and whether this browser may give commands. */
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
  const { signedIn } = useSession();
  const isCurrent = (path: string): boolean =>
    path === '/' ? location === '/' || location.startsWith('/routes') : location.startsWith(path);
  return (
    <nav class="rail" aria-label="Pages">
      <To href="/" class="brand">
        <img src={rose} alt="" width="48" height="48" />
        Portolan
      </To>
      <ul>
        {pages.map(([path, name]) => (
          <li key={path}>
            <To href={path} current={isCurrent(path)}>
              {name}
            </To>
          </li>
        ))}
      </ul>
      <div class="foot">{signedIn ? 'Signed in' : <SignIn label="Sign in" />}</div>
    </nav>
  );
}
