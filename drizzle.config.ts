/** drizzle-kit makes the log's migrations; with DATABASE=projections those of the read models. */
import { defineConfig } from 'drizzle-kit';

const database = process.env.DATABASE === 'projections' ? 'projections' : 'log';

export default defineConfig({
  dialect: 'sqlite',
  schema: `./src/db/${database}-schema.ts`,
  out: `./migrations/${database}`,
});
