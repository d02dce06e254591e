// Notices of the station as the system shows them, while nobody looks at the window. A page may say much: only so much is shown.
import { Notification } from 'electron';

const MOST = 5;
const WITHIN_MS = 10_000;
/** Kept while they are shown: what nobody holds is collected, and its click with it. */
const MOST_HELD = 50;

export type ToShow = { title: string; text: string };

export function openNotifications(now: () => number) {
  const held: Notification[] = [];
  let shown: number[] = [];
  return {
    show({ title, text }: ToShow, onClick: () => void): void {
      shown = shown.filter((at) => at > now() - WITHIN_MS);
      if (shown.length >= MOST || !Notification.isSupported()) return;
      shown.push(now());
      const one = new Notification({ title: oneLine(title), body: oneLine(text) });
      held.push(one);
      if (held.length > MOST_HELD) held.shift();
      one.on('click', onClick);
      one.on('close', () => {
        if (held.includes(one)) held.splice(held.indexOf(one), 1);
      });
      one.show();
    },
  };
}

/** Characters that turn the direction of a text round, or end a line, have no place in somebody else's words. */
const oneLine = (text: string) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
