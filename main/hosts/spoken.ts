// What one program of ours says on its output for another to hear.

/** The window's process: there is a window on the screen now, or was one before. */
export const WINDOW_IS_OPEN = 'Outpost is open';
