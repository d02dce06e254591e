// What a way to sign in is made of. Each has a file or a folder of its own beside this one, and its line in index.ts.
import type { Refusal } from '../../../contract/errors.ts';
import type { Id } from '../../../contract/ids.ts';
import type { Origin } from '../../caller.ts';
import type { Tx } from '../../store/index.ts';

/** Who it is, by all that this method can tell. The second factor is asked for afterwards, whatever the method. */
export type Proven = {
  person: Id;
  /** As good a proof as this person can give: critical acts may follow at once, as after people.confirmSession. */
  fresh: boolean;
  /** Looked at once more inside the change that opens the session, as the proof took a while. Gives why it holds no more. */
  lapsed(tx: Tx): Promise<Refusal | undefined>;
};

/** Nobody, and what is said of it; `person`: whom the audit names, where it was clear whom somebody wanted to be. */
export type Unproven = { refusal: Refusal; person: Id | null };

export type SignInMethod<Input> = {
  /** The command of the contract by which one signs in, as the audit names it. */
  command: `people.signIn${string}`;
  /** What the door offers to this request: as whom one would come in, where that is known beforehand; undefined: nothing. Tells nothing of accounts. */
  offer(origin: Origin): { as: string | null } | undefined;
  /** What tries are counted by, whether there is such an account or not; undefined: it names none. */
  account(input: Input, origin: Origin): string | undefined;
  prove(input: Input, origin: Origin): Promise<Proven | Unproven>;
};
