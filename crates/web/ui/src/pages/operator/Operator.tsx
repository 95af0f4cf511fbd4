/** The operator's page: figures, users, boards, slow clients and errors; and disconnecting a user. */
import { ShieldAlert } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { request } from "../../app/api";
import { notify } from "../../app/notices";
import { paths, useTitle } from "../../app/router";
import { useSignedIn } from "../../app/signedIn";
import { Ago } from "../../parts/Ago";
import { Avatar } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { FormDialog } from "../../parts/FormDialog";
import { Header } from "../../parts/Header";
import { Sparkline } from "./Sparkline";
import { CONNECTION_KINDS, useOverview, type ConnectionKind, type ConnectionCounts, type Overview, type UserActivity } from "./overview";
import "../../styles/operator.css";

export function Operator() {
  const { user } = useSignedIn();
  useTitle("Operator");
  return (
    <div className="page">
      <Header title={<h1 className="header-title">Operator</h1>} />
      <main className="operator">
        {user.permissions.includes("admin") ? (
          <Figures />
        ) : (
          <Empty icon={<ShieldAlert />} title="This page is for admins">
            <p>Your account does not have the “admin” permission.</p>
          </Empty>
        )}
      </main>
    </div>
  );
}

const integers = new Intl.NumberFormat("en");

function Figures() {
  const { overview, problem } = useOverview();
  if (overview === undefined) {
    if (problem !== undefined) return <p className="problem">{problem}</p>;
    return <div className="skeleton operator-skeleton" aria-busy="true" aria-label="Loading" />;
  }
  const { history, connections, totals, usersConnected, memory } = overview;
  const last = history.at(-1);
  return (
    <>
      {problem !== undefined && (
        <p className="problem" role="status">
          These figures are from {new Date(overview.at).toLocaleTimeString("en")}: {problem}
        </p>
      )}
      <section className="figures" aria-label="Figures">
        <Figure name="Connections" value={sum(connections)} testId="connections">
          {integers.format(usersConnected)} {usersConnected === 1 ? "user" : "users"} · {countsText(connections)}
        </Figure>
        <Figure name="Commands per second" value={last?.commands ?? 0} testId="commands" trend={history.map(({ commands }) => commands)}>
          {integers.format(totals.commands)} total, {integers.format(totals.refusals)} refused
        </Figure>
        <Figure name="Events per second" value={last?.events ?? 0} testId="events" trend={history.map(({ events }) => events)}>
          {integers.format(totals.events)} total
        </Figure>
        <Figure name="Deliveries per second" value={last?.deliveries ?? 0} testId="deliveries" trend={history.map(({ deliveries }) => deliveries)}>
          {integers.format(totals.deliveries)} total
        </Figure>
        <Figure name="Memory" value={memory === null ? "–" : `${integers.format(Math.round(memory / 2 ** 20))} MiB`} testId="memory">
          version {overview.version}, started <Ago moment={overview.startedAt} />
        </Figure>
      </section>
      <Users {...overview} />
      <div className="operator-columns">
        <Boards {...overview} />
        <SlowClients {...overview} />
      </div>
      <Incidents {...overview} />
    </>
  );
}

interface FigureProps {
  name: string;
  value: number | string;
  testId: string;
  trend?: readonly number[];
  children: ReactNode;
}

function Figure({ name, value, testId, trend, children }: FigureProps) {
  return (
    <div className="figure" data-testid={`figure-${testId}`}>
      <h2 className="label">{name}</h2>
      <strong className="figure-value">{typeof value === "number" ? integers.format(value) : value}</strong>
      {trend && <Sparkline values={trend} name={name} />}
      <p className="faint">{children}</p>
    </div>
  );
}

function sum(counts: ConnectionCounts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function countsText(counts: ConnectionCounts): string {
  const kinds = (Object.keys(CONNECTION_KINDS) as ConnectionKind[])
    .map((kind) => ({ count: counts[kind] ?? 0, names: CONNECTION_KINDS[kind] }))
    .filter(({ count }) => count > 0);
  const parts = kinds.map(({ count, names: [one, many] }) => `${integers.format(count)} ${count === 1 ? one : many}`);
  return parts.join(", ") || "none";
}

function Section({ title, count, children }: { title: string; count?: ReactNode; children: ReactNode }) {
  return (
    <section className="operator-section" aria-label={title}>
      <h2 className="row">
        {title} {count !== undefined && <span className="faint">{count}</span>}
      </h2>
      {children}
    </section>
  );
}

function Users({ users, usersConnected }: Overview) {
  const [disconnecting, setDisconnecting] = useState<UserActivity>();
  const shown = users.length;
  return (
    <Section title="Users" count={usersConnected > shown ? `the ${shown} busiest of ${integers.format(usersConnected)}` : undefined}>
      <div className="table-frame" tabIndex={0} role="region" aria-label="Users, table">
        <table>
          <thead>
            <tr>
              <th scope="col">User</th>
              <th scope="col">Connected</th>
              <th scope="col">Since</th>
              <th scope="col" className="number">
                Calls, last minute
              </th>
              <th scope="col">
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {users.map((user) => (
              <tr key={user.id} data-testid={`user-${user.id}`}>
                <td>
                  <span className="row">
                    <Avatar id={user.id} name={user.name ?? user.id} label="" />
                    <span className="user-text">
                      {user.name ?? user.id} {(user.name ?? user.id) !== user.id && <span className="faint">{user.id}</span>}
                    </span>
                  </span>
                </td>
                <td>{countsText(user.connections)}</td>
                <td>{user.since === null ? <span className="faint">not connected</span> : <Ago moment={user.since} />}</td>
                <td className="number">{integers.format(user.calls)}</td>
                <td className="number">
                  {user.since !== null && (
                    <Button kind="danger" size="small" aria-label={`Disconnect ${user.name ?? user.id}`} onClick={() => setDisconnecting(user)}>
                      Disconnect
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {disconnecting && <Disconnect user={disconnecting} onClose={() => setDisconnecting(undefined)} />}
    </Section>
  );
}

function Disconnect({ user, onClose }: { user: UserActivity; onClose: () => void }) {
  const name = user.name ?? user.id;
  const disconnect = async () => {
    const { ended } = await request<{ ended: number }>("POST", `/api/v1/operator/users/${user.id}/disconnect`);
    notify(`${name}: ${ended} ${ended === 1 ? "connection" : "connections"} ended.`);
    onClose();
  };
  return (
    <FormDialog title={`Disconnect ${name}?`} width={420} saveLabel="Disconnect" danger onClose={onClose} onSave={disconnect}>
      <p>
        This ends all of the user’s connections to this server now: {countsText(user.connections)}. Programs may reconnect right away; to keep someone out,
        revoke their credentials.
      </p>
    </FormDialog>
  );
}

function Boards({ boards }: Overview) {
  return (
    <Section title="Busiest boards" count="events in the last minute">
      {boards.length === 0 ? (
        <p className="faint">Nothing has changed in the last minute.</p>
      ) : (
        <ol className="operator-list">
          {boards.map(({ id, name, events, viewers }) => (
            <li key={id} className="row spread">
              <Link className="user-text" href={paths.board(id)}>
                {name ?? id}
              </Link>
              <span className="numbers">
                <span className="faint">{viewers === 0 ? "" : `${viewers} viewing`}</span> <strong>{integers.format(events)}</strong>
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}

function SlowClients({ slow }: Overview) {
  return (
    <Section title="Slow clients" count="disconnected because they could not keep up">
      {slow.length === 0 ? (
        <p className="faint">None so far.</p>
      ) : (
        <ol className="operator-list">
          {slow.map(({ at, userId, door, reason }, index) => (
            <li key={`${at} ${index}`} className="row spread">
              <span className="user-text">
                {userId} <span className="faint">({door})</span>: {reason}
              </span>
              <Ago className="faint" moment={at} />
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}

function Incidents({ incidents }: Overview) {
  return (
    <Section title="Warnings and errors" count="from the log">
      {incidents.length === 0 ? (
        <p className="faint">None since the server started.</p>
      ) : (
        <ol className="operator-list">
          {incidents.map(({ at, severity, place, message }, index) => (
            <li key={`${at} ${index}`} className="incident">
              <span className="severity" data-severity={severity}>
                {severity}
              </span>
              <span className="user-text">
                {message} <span className="faint">{place}</span>
              </span>
              <Ago className="faint" moment={at} />
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
