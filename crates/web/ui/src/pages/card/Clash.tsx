/** A conflict between two versions of a text: shows both until the user chooses. */
import { Button } from "../../parts/Button";

interface Props {
  /** The name of the text, such as "description". */
  what: string;
  /** Who wrote the other version. */
  who: string;
  mine: string;
  theirs: string;
  /** Both versions in one text, if that makes sense. */
  both?: string;
  onDecide: (text: string) => void;
}

export function Clash({ what, who, mine, theirs, both, onDecide }: Props) {
  return (
    <div className="theirs" role="alert" data-testid="clash">
      <p>
        <strong className="user-text">{who}</strong> edited the same words of the {what}. Your version is not saved yet; it stays here until you choose.
      </p>
      <div className="theirs-texts">
        <section aria-label="Your version">
          <h4>Your version</h4>
          <pre className="user-text">{mine}</pre>
        </section>
        <section aria-label="Current version">
          <h4>Current version</h4>
          <pre className="user-text">{theirs}</pre>
        </section>
      </div>
      <div className="row">
        <Button size="small" onClick={() => onDecide(mine)}>
          Keep mine
        </Button>
        {both !== undefined && (
          <Button size="small" onClick={() => onDecide(both)}>
            Keep both
          </Button>
        )}
        <Button size="small" onClick={() => onDecide(theirs)}>
          Take theirs
        </Button>
      </div>
    </div>
  );
}
