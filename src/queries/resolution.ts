/** What the matcher found for a request, as the API tells it. */
import type { Outcome } from '../routing/outcome.ts';
import type { ResolutionView } from './port.ts';

export function resolution(host: string, outcome: Outcome): ResolutionView {
  if (outcome.kind === 'own') {
    const { status, sentence, route } = outcome;
    return {
      status,
      targets: [],
      sentence,
      ...(route?.id ? { route: { id: route.id, path: route.path } } : {}),
    };
  }
  const { id, path, targets } = outcome.route;
  const names = targets.map((target) => target.name).join(', ');
  return { status: 200, route: { id, path }, targets: [...targets], sentence: `${host} goes to ${names}.` };
}
