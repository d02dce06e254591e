// What is said to the page when it listens: a page that is still being loaded hears nothing, so it waits here until it has shown itself.

export type Saying = { channel: string; message: unknown };

const MOST_WAITING = 10;

export function openPageLine(send: (saying: Saying) => void) {
  let listens = false;
  let waiting: Saying[] = [];
  return {
    say(channel: string, message: unknown): void {
      // The same news once.
      if (listens) send({ channel, message });
      else
        waiting = [...waiting.filter((one) => !(one.channel === channel && one.message === message)), { channel, message }].slice(
          -MOST_WAITING,
        );
    },
    /** It has shown itself. */
    listens(): void {
      listens = true;
      for (const one of waiting.splice(0)) send(one);
    },
    /** Another page takes its place. */
    gone(): void {
      listens = false;
    },
  };
}
