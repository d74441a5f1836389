/** How the simulator's containers are reached: each has a loopback address of its own, which stands for a container's. */
import type { Reach } from '../events/decisions.ts';

export const simulatedReach: Reach = { kind: 'simulated' };
