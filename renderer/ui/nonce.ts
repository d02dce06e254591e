// The page's nonce, for libraries that make style elements. Must be imported before any of them.
import { setNonce } from 'get-nonce';

export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';

setNonce(nonce);

// Some parts know no nonce. Only script that the policy has let in can call this; injected markup still has none.
const make = Document.prototype.createElement;
Document.prototype.createElement = function createElement(this: Document, name: string, options?: ElementCreationOptions) {
  const element = make.call(this, name, options);
  if (String(name).toLowerCase() === 'style') element.nonce = nonce;
  return element;
} as typeof make;
