/** A modal dialog of the browser's own, with its focus trap and Escape. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    // Also where it is taken away without having been closed: else the keyboard would begin at the top again.
    return () => queueMicrotask(() => before instanceof HTMLElement && before.isConnected && before.focus());
  }, []);
  return (
    <dialog ref={element} onClose={onClose} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
