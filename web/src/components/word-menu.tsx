import { Menu } from '@mantine/core';
import './word-menu.css';

/** A filter as a word: press it and choose another. The choice goes into the URL, so that a queue can be sent to a colleague. */
export function WordMenu<T extends string>(props: {
  label: string;
  value: T | undefined;
  options: { value: T | undefined; word: string }[];
  onChoose: (value: T | undefined) => void;
}) {
  const shown = props.options.find((one) => one.value === props.value)?.word ?? props.value ?? props.label;
  return (
    <Menu
      unstyled
      withinPortal={false}
      withInitialFocusPlaceholder={false}
      position="bottom-start"
      offset={4}
      transitionProps={{ duration: 0 }}
      classNames={{ dropdown: 'menu', item: 'menu-item' }}
    >
      <Menu.Target>
        <button type="button" className="filter-word" aria-label={`${props.label}: ${shown}`}>
          {shown}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {props.options.map((one) => (
          <Menu.Item key={one.word} onClick={() => props.onChoose(one.value)} aria-current={one.value === props.value}>
            {one.word}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
