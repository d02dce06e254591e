// A word at the edge of the screen. A failure, and what must not be missed, stays until it is put away.
import { notifications } from '@mantine/notifications';
import i18next from 'i18next';

export function announce(message: string, options: { title?: string; failed?: boolean; lasting?: boolean } = {}): void {
  notifications.show({
    message,
    ...(options.title !== undefined && { title: options.title }),
    ...(options.failed ? { color: 'red', autoClose: false } : {}),
    ...(options.lasting && { autoClose: false }),
    closeButtonProps: { 'aria-label': i18next.t('app:common.close' as never) },
  });
}
