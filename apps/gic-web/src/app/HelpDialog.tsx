import { Modal } from '@mantine/core';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Modal.css';
import { useAllKeys } from '../lib/keyboard.ts';

const keyNames: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  'ctrl+k': 'Ctrl K',
};

/** The keyboard map of the page one is on. */
export function HelpDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const keys = useAllKeys();
  const groups = new Map<string, Map<string, string[]>>();
  for (const binding of keys) {
    const group = groups.get(binding.group) ?? new Map<string, string[]>();
    groups.set(binding.group, group);
    const names = group.get(binding.label) ?? [];
    const name = keyNames[binding.keys] ?? binding.keys.replace('+', ' ');
    group.set(binding.label, names.includes(name) ? names : [...names, name]);
  }
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keyboard"
      size={760}
      classNames={{ content: 'modal-content', title: 'modal-title' }}
      transitionProps={{ duration: 100 }}
    >
      <div className="help">
        {[...groups].map(([group, lines]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {[...lines].map(([label, names]) => (
                <div key={label} className="help-line">
                  <dt>
                    {names.map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dt>
                  <dd>{label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="muted">No single key sends a command to the telescope or changes a decision.</p>
    </Modal>
  );
}
