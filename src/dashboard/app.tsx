/** The frame around every page: navigation, the time control, what is wrong, and the page of the address. */
import { lazy, Suspense } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import { Route, Switch, useLocation } from 'wouter-preact';
import { type Live, useConnection } from './api/live.ts';
import { Navigation } from './navigation.tsx';
import { NotFound, RoutesPage } from './pages/routes.tsx';
import { Banners } from './parts/banners.tsx';
import { LiveContext } from './parts/live-context.ts';
import { Waiting } from './parts/notice.tsx';
import { TimeBar } from './time/time-bar.tsx';
import { titleOf } from './time/title.ts';
import { useInstant, useMoment } from './time/use-moment.ts';

const HostPage = lazy(() => import('./pages/host.tsx').then((page) => page.HostPage));
const TimelinePage = lazy(() => import('./pages/timeline.tsx').then((page) => page.TimelinePage));
const ContainersPage = lazy(() => import('./pages/containers.tsx').then((page) => page.ContainersPage));
const ContainerPage = lazy(() => import('./pages/container.tsx').then((page) => page.ContainerPage));
const EventsPage = lazy(() => import('./pages/events.tsx').then((page) => page.EventsPage));
const EventPage = lazy(() => import('./pages/event.tsx').then((page) => page.EventPage));
const AuditPage = lazy(() => import('./pages/audit.tsx').then((page) => page.AuditPage));
const ResolvePage = lazy(() => import('./pages/resolve.tsx').then((page) => page.ResolvePage));
const SystemPage = lazy(() => import('./pages/system.tsx').then((page) => page.SystemPage));

export function App({ live }: { live: Live }) {
  const connection = useConnection(live);
  const { past } = useMoment();
  useEffect(() => {
    document.documentElement.dataset['time'] = past ? 'past' : 'live';
  }, [past]);
  useArrival();
  return (
    <LiveContext.Provider value={live}>
      <a class="skip" href="#content">
        Skip to the page
      </a>
      <div class="shell">
        <Navigation />
        <div class="main">
          <TimeBar connection={connection} />
          <Banners connection={connection} />
          <div id="content" tabIndex={-1}>
            <Suspense fallback={<Waiting />}>
              <Pages />
            </Suspense>
          </div>
        </div>
      </div>
    </LiveContext.Provider>
  );
}

/** What a browser does by itself when a page is loaded: its title, its beginning in sight, the keyboard at it. */
function useArrival(): void {
  const [location] = useLocation();
  const { at } = useMoment();
  const instant = useInstant(at);
  const first = useRef(location);
  useEffect(() => {
    window.scrollTo(0, 0);
    const content = document.getElementById('content');
    const { activeElement } = document;
    if (location === first.current || content === null) return;
    first.current = '';
    // The link that led here may be gone: the keyboard goes on at the page, not at the top.
    if (activeElement === document.body || content.contains(activeElement))
      content.focus({ preventScroll: true });
  }, [location]);
  useEffect(() => {
    document.title = titleOf(location, at, instant);
  }, [location, at, instant]);
}

function Pages() {
  return (
    <Switch>
      <Route path="/" component={RoutesPage} />
      <Route path="/routes/:host">{({ host }) => <HostPage key={host} host={host} />}</Route>
      <Route path="/timeline" component={TimelinePage} />
      <Route path="/containers" component={ContainersPage} />
      <Route path="/containers/:id">{({ id }) => <ContainerPage key={id} id={id} />}</Route>
      <Route path="/events" component={EventsPage} />
      <Route path="/events/:position">
        {({ position }) => <EventPage key={position} position={position} />}
      </Route>
      <Route path="/audit" component={AuditPage} />
      <Route path="/resolve" component={ResolvePage} />
      <Route path="/system" component={SystemPage} />
      <Route component={NotFound} />
    </Switch>
  );
}
