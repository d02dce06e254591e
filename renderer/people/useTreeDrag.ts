// A row of the tree under the pointer: it can be lifted, and others can be dropped above, into or under it.
import { combine } from '@atlaskit/pragmatic-drag-and-drop/combine';
import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { PlaceOfTree } from './tree.ts';
import { type Part, partOf, type Spot, spotFor } from './treeMoves.ts';

type Drag = { over: Part | undefined; lifted: boolean };

export function useTreeDrag(
  row: RefObject<HTMLElement | null>,
  place: PlaceOfTree,
  places: readonly PlaceOfTree[],
  move: (place: string, to: Spot) => void,
  canAct: boolean,
): Drag {
  const [over, setOver] = useState<Part>();
  const [lifted, setLifted] = useState(false);
  // The tree may change while something is dragged: what counts is how it stands when it is dropped.
  const now = useRef({ place, places, move });
  now.current = { place, places, move };

  useEffect(() => {
    const element = row.current;
    if (element === null || !canAct) return;
    const partAt = (clientY: number): Part => {
      const { top, height } = element.getBoundingClientRect();
      return partOf(clientY - top, height);
    };
    const dropped = ({ place: id }: Record<string | symbol, unknown>, part: Part) => {
      const { places, place } = now.current;
      const moved = places.find((one) => one.id === id);
      const to = moved && spotFor(places, moved, place, part);
      return moved && to && { moved, to };
    };
    return combine(
      draggable({
        element,
        getInitialData: () => ({ place: now.current.place.id }),
        onDragStart: () => setLifted(true),
        onDrop: () => setLifted(false),
      }),
      dropTargetForElements({
        element,
        onDrag({ source, location }) {
          const part = partAt(location.current.input.clientY);
          setOver(dropped(source.data, part) && part);
        },
        onDragLeave: () => setOver(undefined),
        onDrop({ source, location }) {
          setOver(undefined);
          const drop = dropped(source.data, partAt(location.current.input.clientY));
          if (drop) now.current.move(drop.moved.id, drop.to);
        },
      }),
    );
  }, [row, canAct]);
  return { over, lifted };
}
