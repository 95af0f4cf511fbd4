/** Files on a task: shown, uploaded with progress, downloaded, removed. */
import { newId, type Attachment } from "@boardwire/client";
import { Download, Paperclip, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { authorizationHeaders, download } from "../../app/api";
import { deleteSoon, useIsBeingDeleted } from "../../app/deletions";
import { notifyError } from "../../app/notices";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { Ago } from "../../parts/Ago";
import { Button } from "../../parts/Button";
import { useFocusBack } from "../../parts/focus";
import { useOpenBoard } from "../board/boardContext";
import { Deleted } from "./Deleted";

export interface Upload {
  id: string;
  name: string;
  /** The progress, from 0 to 1. */
  done: number;
}

/** Returns the uploads in progress, and a function that starts some. */
export function useUploads(taskId: string): { uploads: readonly Upload[]; upload: (files: FileList) => void } {
  const { client } = useSignedIn();
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const begin = async (file: File) => {
    const id = newId();
    setUploads((all) => [...all, { id, name: file.name, done: 0 }]);
    try {
      await send(taskId, id, file, (done) => setUploads((all) => all.map((one) => (one.id === id ? { ...one, done } : one))));
    } catch (error) {
      notifyError(`“${file.name}” was not attached`, error);
    }
    setUploads((all) => all.filter((one) => one.id !== id));
  };
  const upload = (files: FileList) => {
    if (files.length > 0 && isOnline(client)) for (const file of files) void begin(file);
  };
  return { uploads, upload };
}

/** Uploads a file. Not with `fetch`, which does not report the progress. */
function send(taskId: string, requestId: string, file: File, onProgress: (done: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/tasks/${taskId}/attachments`);
    for (const [name, value] of Object.entries({ ...authorizationHeaders(), "idempotency-key": requestId })) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 0 : loaded / total);
    request.onerror = () => reject(new Error("the connection was lost"));
    request.onload = () => {
      if (request.status < 300) return resolve();
      const problem = request.response as { detail?: string } | null;
      reject(new Error(problem?.detail ?? `the server replied with status ${request.status}`));
    };
    request.send(form);
  });
}

interface Props {
  attachments: readonly Attachment[];
  uploads: readonly Upload[];
  onUpload: (files: FileList) => void;
}

export function Attachments({ attachments, uploads, onUpload }: Props) {
  const { canWrite } = useOpenBoard();
  const field = useRef<HTMLInputElement>(null);
  if (attachments.length === 0 && !canWrite) return null;
  return (
    <section className="card-section">
      <div className="row spread">
        <h3>Files</h3>
        {canWrite && (
          <>
            <input
              ref={field}
              type="file"
              multiple
              hidden
              aria-label="Files to attach"
              onChange={({ target }) => {
                if (target.files) onUpload(target.files);
                target.value = "";
              }}
            />
            <Button kind="quiet" size="small" onClick={() => field.current?.click()}>
              <Paperclip size={14} /> Attach
            </Button>
          </>
        )}
      </div>
      {attachments.length === 0 && uploads.length === 0 && <p className="faint">No files yet. Drop files anywhere on the card to attach them.</p>}
      <ul>
        {attachments.map((attachment) => (
          <Attached key={attachment.id} attachment={attachment} />
        ))}
        {uploads.map(({ id, name, done }) => (
          <li key={id} className="attachment">
            <Paperclip size={14} aria-hidden />
            <span className="attachment-name">
              <span className="user-text">{name}</span>
              <progress value={done} aria-label={`Uploading ${name}`} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Attached({ attachment }: { attachment: Attachment }) {
  const { client } = useSignedIn();
  const { board, canWrite, nameOf } = useOpenBoard();
  const { id, filename } = attachment;
  const deleted = useIsBeingDeleted(id);
  const deleteButton = useFocusBack<HTMLButtonElement>(deleted);
  if (deleted) return <Deleted id={id} what={`“${filename}”`} />;
  return (
    <li className="attachment" data-testid="attachment">
      <Paperclip size={14} aria-hidden />
      <span className="attachment-name">
        <span className="user-text">{filename}</span>
        <span className="faint">
          {size(attachment.size)}, {nameOf(attachment.uploaded_by)}, <Ago moment={attachment.created_at} />
        </span>
      </span>
      <Button kind="quiet" size="small" icon label={`Download ${filename}`} onClick={() => void save(attachment)}>
        <Download size={15} />
      </Button>
      {canWrite && (
        <Button
          ref={deleteButton}
          kind="danger"
          size="small"
          icon
          label={`Remove ${filename}`}
          onClick={() => deleteSoon(client, board.id, { kind: "attachment", id, name: filename })}
        >
          <Trash2 size={15} />
        </Button>
      )}
    </li>
  );
}

/** Saves a file under its own name, whatever it contains: none of it is executed or shown. */
async function save({ id, filename }: Attachment): Promise<void> {
  try {
    const url = URL.createObjectURL(await download(`/api/v1/attachments/${id}`));
    const link = Object.assign(document.createElement("a"), { href: url, download: filename });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    notifyError(`“${filename}” can't be downloaded`, error);
  }
}

const UNITS = ["B", "KiB", "MiB", "GiB"];

function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
