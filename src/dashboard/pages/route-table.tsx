/** The routes of a host, each with its targets, and the containers that were refused it, each with the reason. */
import type { Host, Route, ServedAgain as Served } from '../api/shapes.ts';
import { Instant } from '../parts/instant.tsx';
import { containerPath, To } from '../parts/link.tsx';
import { State } from '../parts/state.tsx';
import { TargetLine } from '../parts/target.tsx';

export function RouteTable({ host }: { host: Host }) {
  return (
    <div class="scrolls" style={{ padding: '0.2rem 1.1rem' }}>
      <table class="plain cards">
        <thead>
          <tr>
            <th>Path</th>
            <th>State</th>
            <th>Targets</th>
            <th>Owner</th>
            <th>Since</th>
          </tr>
        </thead>
        <tbody>
          {latestOf(host.routes).map((route) => (
            <tr key={route.id}>
              <td class="third">
                <code>{route.match.path}</code>
              </td>
              <td class="second">
                <State of={route.state} />
                {route.reason !== undefined && <div class="small faint">{route.reason}</div>}
              </td>
              <td class="first">
                {route.targets.map((target) => (
                  <TargetLine key={target.container} target={target} />
                ))}
              </td>
              <td class="wide">{route.owner}</td>
              <td class="fourth">
                <Instant at={route.since} position={route.position} />
                {route.served !== undefined && <ServedAgain served={route.served} />}
              </td>
            </tr>
          ))}
          {host.refusals.map((refusal) => (
            <tr key={`${refusal.container} ${refusal.position}`}>
              <td class="third">
                <code>{refusal.match?.path ?? ''}</code>
              </td>
              <td class="second">
                <State of="refused" />
                <div class="small faint">{refusal.reason}</div>
              </td>
              <td class="first">
                <To href={containerPath(refusal.name)}>{refusal.name}</To>
                <div class="small">{refusal.detail}</div>
              </td>
              <td />
              <td class="fourth">
                <Instant at={refusal.since} position={refusal.position} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ServedAgain({ served }: { served: Served }) {
  return (
    <div class="small faint">
      {served.after === 'away' ? 'served again since ' : 'not recorded until '}
      <Instant at={served.since} position={served.position} />
    </div>
  );
}

/** Of the routes of one path that are closed only the last one still says something. */
const latestOf = (routes: readonly Route[]): readonly Route[] =>
  routes.filter(
    (route) =>
      route.state !== 'closed' ||
      !routes.some(({ match, position }) => match.path === route.match.path && position > route.position),
  );
