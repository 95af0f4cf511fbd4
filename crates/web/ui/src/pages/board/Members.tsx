/** The members of the board and their roles. */
import type { BoardwireError, Role } from "@boardwire/client";
import { UserMinus, UserPlus } from "lucide-react";
import { useState, type FormEvent } from "react";
import { reasonOf } from "../../app/reason";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { Avatar } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { formText } from "../../parts/formText";
import { Problem } from "../../parts/Problem";
import { useOpenBoard } from "./boardContext";

const ROLES: Record<Role, string> = { owner: "Owner", member: "Member", viewer: "Viewer" };
const ROLE_HINTS: Record<Role, string> = { owner: "Can change everything, including members", member: "Can change cards and columns", viewer: "Can view" };

/** The server gives the same error for users who do not exist and for users who may not be added. */
const UNKNOWN_USER = "There is no such user, or you can’t add them. You can add people who share a team or a board with you; an administrator can add anyone.";

export function Members({ onClose }: { onClose: () => void }) {
  const { client, user } = useSignedIn();
  const { board, snapshot, isOwner } = useOpenBoard();
  const [problem, setProblem] = useState<string>();
  const manages = isOwner && snapshot.board?.archived === false;

  // Sent by the client, not by the board, so that a refusal is not also shown as a notice.
  const tryChange = async (run: () => Promise<unknown>, unknown?: string) => {
    if (!isOnline(client)) return false;
    setProblem(undefined);
    try {
      await run();
      return true;
    } catch (error) {
      setProblem((error as BoardwireError).code === "NOT_FOUND" && unknown ? unknown : reasonOf(error));
      return false;
    }
  };
  const setRole = (userId: string, role: Role, unknown?: string) =>
    tryChange(() => client.send("board:member:set", { boardId: board.id, userId, role }), unknown);
  const add = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    if (await setRole(formText(data, "user").trim(), data.get("role") as Role, UNKNOWN_USER)) form.reset();
  };

  return (
    <Dialog title="Members and roles" onClose={onClose} width={520}>
      <div className="stack">
        <Problem reason={problem} />
        {manages && (
          <form className="row member-add" onSubmit={(event) => void add(event)}>
            <input
              className="input"
              name="user"
              placeholder="User ID"
              aria-label="User ID"
              required
              pattern="[A-Za-z0-9_\-]{1,64}"
              autoCapitalize="none"
              spellCheck={false}
            />
            <RoleSelect name="role" label="Role" defaultValue="member" />
            <Button kind="primary" type="submit">
              <UserPlus size={16} /> Add
            </Button>
          </form>
        )}
        <ul className="members">
          {snapshot.members.map(({ user_id: id, name, agent, role }) => (
            <li key={id} className="row">
              <Avatar id={id} name={name} size="large" label="" />
              <span className="member-name user-text">
                {name}
                {id === user.id && <span className="faint"> (you)</span>}
                {agent && <span className="faint"> (agent)</span>}
                <br />
                <span className="faint">{id}</span>
              </span>
              {manages ? (
                <>
                  <RoleSelect label={`Role of ${name}`} value={role} onChange={(role) => void setRole(id, role)} />
                  <Button
                    kind="danger"
                    icon
                    label={`Remove ${name}`}
                    onClick={() => void tryChange(() => client.send("board:member:remove", { boardId: board.id, userId: id }))}
                  >
                    <UserMinus size={16} />
                  </Button>
                </>
              ) : (
                <span className="faint">{ROLES[role]}</span>
              )}
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

interface RoleSelectProps {
  label: string;
  name?: string;
  value?: Role;
  defaultValue?: Role;
  onChange?: (role: Role) => void;
}

function RoleSelect({ label, onChange, ...rest }: RoleSelectProps) {
  return (
    <select className="input role" aria-label={label} {...rest} onChange={({ target }) => onChange?.(target.value as Role)}>
      {(Object.keys(ROLES) as Role[]).map((role) => (
        <option key={role} value={role} title={ROLE_HINTS[role]}>
          {ROLES[role]}
        </option>
      ))}
    </select>
  );
}
