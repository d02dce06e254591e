// Switches that are burnt into the program's binary. A new one of Electron fails the type check until it is decided here.
import { type FuseConfig, FuseV1Options, FuseVersion } from '@electron/fuses';

export const FUSES: Required<Record<FuseV1Options, boolean>> = {
  // The binary is the program and nothing else: no Node for whoever finds it, no debugger from outside.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  // The program is the archive that was packaged, whole and unchanged.
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  // There is no snapshot of our own.
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  // No page of ours comes from file://.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
};

export const fuseConfig: FuseConfig = { version: FuseVersion.V1, strictlyRequireAllFuses: true, ...FUSES };
