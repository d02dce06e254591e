// Before a critical act somebody proves that it is still them: asked for by whatever was refused, answered by the dialog.
import { create } from 'zustand';

type Asked = { answer: ((proven: boolean) => void) | undefined };

export const useConfirm = create<Asked>(() => ({ answer: undefined }));

/** True once it is proven; false where they would rather not. */
export function proveItIsMe(): Promise<boolean> {
  useConfirm.getState().answer?.(false);
  return new Promise((resolve) => {
    const answer = (proven: boolean) => {
      useConfirm.setState({ answer: undefined });
      resolve(proven);
    };
    useConfirm.setState({ answer });
  });
}
