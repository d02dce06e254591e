// A chosen file becomes a small square picture, here in the page: the station gets no more than it shows.

const SIDE = 256;

export async function squarePicture(file: File): Promise<{ type: 'image/webp' | 'image/png'; data: string }> {
  const bitmap = await createImageBitmap(file);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  canvas.getContext('2d')?.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  // A browser that cannot write WebP gives a PNG instead, and says so in the address.
  const [head, data] = canvas.toDataURL('image/webp', 0.85).split(',') as [string, string];
  return { type: head.includes('image/webp') ? 'image/webp' : 'image/png', data };
}
