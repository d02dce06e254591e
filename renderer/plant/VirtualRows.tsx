// Rows of a long list, drawn a screenful at a time in blocks: what belongs to the rows on the screen, as their live values, is asked for by block.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef } from 'react';
import classes from './VirtualRows.module.css';

/** At most eight blocks of these are drawn, however large the screen is. */
const BLOCK = 25;
const ROW_PX = 36;

export function VirtualRows<T>({
  rows,
  keyOf,
  label,
  head,
  children,
}: {
  rows: readonly T[];
  keyOf(row: T): string;
  label: string;
  head: ReactNode;
  /** The rows of one block, each an `li`. */
  children(block: readonly T[]): ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const blockAt = (index: number) => rows.slice(index * BLOCK, (index + 1) * BLOCK);
  const list = useVirtualizer({
    count: Math.ceil(rows.length / BLOCK),
    getScrollElement: () => box.current,
    estimateSize: (index) => blockAt(index).length * ROW_PX,
    overscan: 1,
    getItemKey: (index) => keyOf(rows[index * BLOCK] as T),
  });
  return (
    <div className={classes.table}>
      <div className={classes.head} aria-hidden>
        {head}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard */}
      <section ref={box} className={classes.box} tabIndex={0} aria-label={label}>
        <div className={classes.list} style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => (
            <ul
              key={item.key}
              ref={list.measureElement}
              data-index={item.index}
              className={classes.block}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {children(blockAt(item.index))}
            </ul>
          ))}
        </div>
      </section>
    </div>
  );
}
