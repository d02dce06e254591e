// The keyring of the person's account, as Electron reaches it. Only Linux has several.
import { safeStorage } from 'electron';
import type { Vault } from './keyring.ts';

export const vault: Vault = {
  available: () => safeStorage.isAsyncEncryptionAvailable(),
  backend: () => (process.platform === 'linux' ? safeStorage.getSelectedStorageBackend() : process.platform),
  seal: (text) => safeStorage.encryptStringAsync(text),
  open: (sealed) => safeStorage.decryptStringAsync(Buffer.from(sealed)),
};
