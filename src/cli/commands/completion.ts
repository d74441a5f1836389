/** `portolan completion SHELL`: the script that makes a shell ask Portolan what could come next. */
import { Argument, type Command } from 'commander';
import { longestPage } from '../client.ts';
import { complete } from '../complete.ts';
import { online } from '../context.ts';
import type { Container, HostView } from '../shapes.ts';

/** Each hands over the words so far, of which the last is being typed. */
const scripts: Readonly<Record<string, string>> = {
  bash: `# portolan completion bash > /etc/bash_completion.d/portolan   (or: source <(portolan completion bash))
_portolan() {
  local IFS=$'\\n' line words
  COMPREPLY=()
  # Colons and equals signs part words for readline, not for us.
  read -r -d '' -a words < <(printf '%s' "\${COMP_LINE:0:COMP_POINT}" | tr -s ' ' '\\n') || true
  [[ "\${COMP_LINE:0:COMP_POINT}" == *' ' ]] && words+=('')
  while IFS=$'\\t' read -r line _; do COMPREPLY+=("$line"); done \\
    < <(portolan __complete -- "\${words[@]:1}" 2>/dev/null)
  local typed="\${words[-1]}" part="\${COMP_WORDS[COMP_CWORD]}"
  if [[ "$typed" == *[:=]* && "$part" != "$typed" ]]; then
    local head="\${typed%"\${typed##*[:=]}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$head"}")
  fi
}
complete -o default -F _portolan portolan
`,
  zsh: `#compdef portolan
# portolan completion zsh > "\${fpath[1]}/_portolan"   (or: source <(portolan completion zsh))
_portolan() {
  local -a found
  local text about
  while IFS=$'\\t' read -r text about; do
    found+=("\${text//:/\\\\:}\${about:+:$about}")
  done < <(portolan __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe portolan found || _files
}
if [[ "\${funcstack[1]}" == _portolan ]]; then _portolan "$@"; else compdef _portolan portolan; fi
`,
  fish: `# portolan completion fish > ~/.config/fish/completions/portolan.fish
function __portolan_complete
  set -l found (portolan __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
  # Where there is nothing to say it may be a file.
  test (count $found) -gt 0; and printf '%s\\n' $found; or __fish_complete_path (commandline -ct)
end
complete -c portolan -f -a '(__portolan_complete)'
`,
};

/** Milliseconds that a shell is kept waiting for names. */
const patience = 700;

export function completion(program: Command): void {
  program
    .command('completion')
    .description('a script that completes commands, options and names')
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .action((shell: string, _: unknown, command: Command) => {
      void command;
      process.stdout.write(scripts[shell]!);
    });
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[], _: unknown, command: Command) => {
      const { client, output } = online(command);
      const signal = AbortSignal.timeout(patience);
      const ask = async <T>(path: string): Promise<readonly T[]> => {
        const query = { limit: longestPage };
        return (
          await client.call<{ items: T[] }>('GET', path, { signal, query }).catch(() => ({ items: [] }))
        ).items;
      };
      const found = await complete(program, words, {
        containers: async () => (await ask<Container>('/containers')).map(({ name }) => name),
        eventTypes: async () => (await import('../../events/event.ts')).eventTypes,
        serveFlags: async () => (await import('../../config.ts')).serveFlags(),
        hosts: async () => (await ask<HostView>('/hosts')).map(({ host }) => host),
      });
      for (const { text, about } of found) output.line(about === '' ? text : `${text}\t${about}`);
    });
}
