// A reverse proxy nobody here wrote, in front of a station: nginx, on this machine alone. It knows who somebody is by a cookie.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** Why a test that needs it cannot run here; false where it can. */
export const noNginx: string | false =
  spawnSync('nginx', ['-v']).error === undefined ? false : 'nginx is not installed (apt-get install nginx-light)';

/** It asks the station from this address, so that it is another one than everybody else on this machine. */
export const PROXY = '127.0.0.2';
export const HEADER = 'X-Forwarded-Email';

/** “desk=ada” is the cookie of whom the proxy has signed in as ada@example.org; without one it lets people in as nobody. */
export async function openNginx(t: TestContext, station: string): Promise<{ url: string; port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/pid;
error_log stderr notice;
events { }
http {
  access_log off;
  ${temporary.join('\n  ')}
  map $cookie_desk $email { default ""; "~^(?<who>[a-z]+)$" "$who@example.org"; }
  map $http_upgrade $connection_upgrade { default upgrade; "" close; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${station};
      proxy_bind ${PROXY};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header ${HEADER} $email;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
`,
  );
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-p', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    void ended.then(() => reject(new Error(`nginx ended: ${said}`)), reject);
    createInterface({ input: child.stderr }).on('line', (line) => {
      said += `${line}\n`;
      // It listens before it starts those who answer.
      if (line.includes('start worker process ')) resolve();
    });
  });
  return { url: `http://127.0.0.1:${port}`, port };
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
