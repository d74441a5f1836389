/** What could come next on a command line: commands, options, their values, and names that the API knows. */
import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  readonly text: string;
  readonly about: string;
}

/** Names of containers and hosts, empty where the API is away; and of what the log has. */
export interface KnownNames {
  containers(): Promise<readonly string[]>;
  hosts(): Promise<readonly string[]>;
  eventTypes(): Promise<readonly string[]>;
  /** Flags of the service, which reads its command line by itself. */
  serveFlags(): Promise<readonly string[]>;
}

/** @param words after `portolan`; the last one is being typed */
export async function complete(
  program: Command,
  words: readonly string[],
  known: KnownNames,
): Promise<Candidate[]> {
  const last = words.at(-1) ?? '';
  // `--type=Route` is an option and the beginning of its value.
  const [, option, value] = /^(--[\w-]+)=(.*)$/s.exec(last) ?? [];
  const before = option === undefined ? words.slice(0, -1) : [...words.slice(0, -1), option];
  const typed = value ?? last;
  const { command, open, positionals } = walk(program, before);
  const all =
    open === null
      ? await fresh(program, command, typed, positionals, known)
      : await valuesOf(open, typed, known);
  const prefix = option === undefined ? '' : `${option}=`;
  return all
    .filter(({ text }) => text.startsWith(typed))
    .map(({ text, about }) => ({ text: `${prefix}${text}`, about }));
}

/** Which command it is, and whether an option still wants its value. */
function walk(program: Command, words: readonly string[]) {
  let command = program;
  let open: Option | null = null;
  let positionals = 0;
  for (const word of words) {
    if (open !== null) {
      open = null;
    } else if (word.startsWith('-')) {
      const option = optionsOf(program, command).find(({ long, short }) => long === word || short === word);
      open =
        option !== undefined && (option.required || option.optional) && !word.includes('=') ? option : null;
    } else if (command === program) {
      command =
        program.commands.find((one) => one.name() === word || one.aliases().includes(word)) ?? command;
    } else {
      positionals += 1;
    }
  }
  return { command, open, positionals };
}

async function fresh(
  program: Command,
  command: Command,
  typed: string,
  positionals: number,
  known: KnownNames,
): Promise<Candidate[]> {
  if (typed.startsWith('-') && command.name() === 'serve') return plain(await known.serveFlags());
  if (typed.startsWith('-')) {
    return optionsOf(program, command).flatMap(({ long, description }) =>
      long ? [{ text: long, about: description }] : [],
    );
  }
  if (command === program) {
    return program
      .createHelp()
      .visibleCommands(program)
      .map((one) => ({ text: one.name(), about: one.description() }));
  }
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[positionals] ?? (last?.variadic ? last : undefined);
  return argument === undefined ? [] : valuesOf(argument, typed, known);
}

const optionsOf = (program: Command, command: Command): readonly Option[] =>
  command === program ? program.options : [...command.options, ...program.options];

const plain = (texts: readonly string[]): Candidate[] => texts.map((text) => ({ text, about: '' }));

async function valuesOf(one: Argument | Option, typed: string, known: KnownNames): Promise<Candidate[]> {
  if (one.argChoices !== undefined) return plain(one.argChoices);
  const name = 'long' in one ? one.attributeName() : one.name();
  if (name === 'url' && typed.startsWith('http'))
    return plain((await known.hosts()).map((host) => `http://${host}`));
  if (name === 'host' || name === 'url') return plain(await known.hosts());
  if (name === 'type') return plain(await known.eventTypes());
  return name === 'name' || name === 'container' ? plain(await known.containers()) : [];
}
