/** A target as a line: the container, as a link, and where it is reached. */
import type { Target } from '../api/shapes.ts';
import { containerPath, To } from './link.tsx';

export function TargetLine({ target: { name, address, port } }: { target: Target }) {
  return (
    <div>
      <To href={containerPath(name)}>{name}</To>{' '}
      <span class="mono faint">
        {address}:{port}
      </span>
    </div>
  );
}
