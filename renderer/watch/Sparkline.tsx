// A line without axes, on a canvas: only the shape of the last minutes.
import { useEffect, useRef } from 'react';

const WIDTH = 160;
const HEIGHT = 32;

export function Sparkline({ values, capacity }: { values: readonly number[]; capacity: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const scale = window.devicePixelRatio || 1;
    element.width = WIDTH * scale;
    element.height = HEIGHT * scale;
    context.scale(scale, scale);
    context.strokeStyle = getComputedStyle(element).color;
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    const top = Math.max(...values, 0) || 1;
    context.beginPath();
    for (const [index, value] of values.entries()) {
      const x = WIDTH - ((values.length - 1 - index) / (capacity - 1)) * WIDTH;
      const y = HEIGHT - 2 - (value / top) * (HEIGHT - 4);
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.stroke();
  });
  return <canvas ref={canvas} style={{ width: `${WIDTH / 16}rem`, height: `${HEIGHT / 16}rem` }} aria-hidden />;
}
