/* A process of its own on a built-in database, for tests: node child.ts write|hold|migrate FOLDER [NAME] */
import { sql } from 'kysely';
import { openLedger } from '../ledger.ts';
import { openDatabase } from '../open-database.ts';
import { migrate, migrations } from '../schema/migrate.ts';

const [what, dataDir, name = 'child'] = process.argv.slice(2) as [string, string, string?];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const database = await openDatabase({ dataDir });
  say('open');
  if (what === 'write') {
    const ledger = await openLedger({ database });
    const cells = [{ module: 'reduction', state: 'waiting', startedAt: null, seconds: null, reason: null }] as const;
    for (let i = 0; ; i++) {
      const frame = {
        frameId: `${name}-${i}`,
        sha256: `${name}-${i}`,
        sourcePath: `/in/${name}-${i}`,
        configHash: 'c',
        pipeline: name,
      };
      const about = { observedAt: null, camera: null, filter: null, type: null, target: null, exposureSec: null, isAlert: false };
      const { key } = await ledger.offer({
        ...frame,
        ...about,
        nightId: '2026-01-01',
        receivedAt: new Date().toISOString(),
        cells,
      });
      await ledger.update(key, { state: 'published' });
      say(`acknowledged ${key}`);
    }
  }
  if (what === 'migrate') {
    // A step that changes something and then takes for ever: killed in the middle.
    const slow = {
      async up(db: Parameters<(typeof migrations)[string]['up']>[0]): Promise<void> {
        await sql`create table half_made (id integer)`.execute(db);
        say('half-way');
        await sql`select pg_sleep(60)`.execute(db);
      },
    };
    await migrate(database.db, database.name, { ...migrations, '9999-slow': slow });
  }
  process.on('SIGTERM', () => void database.close().then(() => process.exit(0)));
  setInterval(() => {}, 1000);
}

main().catch((error: unknown) => {
  say(`failed ${String(error)}`);
  process.exit(1);
});
