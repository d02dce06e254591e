// So many of a slow work at once, the others in the order they came.

export type Queue = <T>(work: () => Promise<T>) => Promise<T>;

export function openQueue(atOnce: number): Queue {
  const waiting: (() => void)[] = [];
  let running = 0;
  return (work) =>
    new Promise((resolve, reject) => {
      const start = () => {
        running += 1;
        work()
          .then(resolve, reject)
          .finally(() => {
            running -= 1;
            waiting.shift()?.();
          });
      };
      if (running < atOnce) start();
      else waiting.push(start);
    });
}
