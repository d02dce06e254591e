// The public half of the key that signs releases. Without it this program installs no update.
//
// Made once, on a machine that is trusted, and never for a test:
//   openssl genpkey -algorithm ed25519 -out outpost-release.pem     the private half: keep it offline, it never enters this repository
//   openssl pkey -in outpost-release.pem -pubout                    the public half: its three lines go below
// A release is then made with OUTPOST_RELEASE_KEY=/path/to/outpost-release.pem npm run make.

export const RELEASE_KEY: string | undefined = undefined;
