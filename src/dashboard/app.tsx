/** The frame around every page: navigation, the time control, what is wrong, and the page of the address. */
import { lazy, Suspense } from 'preact/compat';
import { useEffect } from 'preact/hooks';
import { Route, Switch, useLocation } from 'wouter-preact';
import { type Live, useConnection } from './api/live.ts';
import { Navigation } from './navigation.tsx';
import { NotFound, RoutesPage } from './pages/routes.tsx';
import { Banners } from './parts/banners.tsx';
import { LiveContext } from './parts/live-context.ts';
import { Waiting } from './parts/notice.tsx';
import { TimeBar } from './time/time-bar.tsx';
import { useMoment } from './time/use-moment.ts';

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
  return (
    <LiveContext.Provider value={live}>
      <div class="shell">
        <Navigation />
        <div class="main">
          <TimeBar connection={connection} />
          <Banners connection={connection} />
          <Suspense fallback={<Waiting />}>
            <Pages />
          </Suspense>
        </div>
      </div>
    </LiveContext.Provider>
  );
}

function Pages() {
  const [location] = useLocation();
  useEffect(() => window.scrollTo(0, 0), [location]);
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
