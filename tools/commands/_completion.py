"""The scripts for bash, zsh and fish. They ask the program, which answers by click's own protocol."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from imagefap_scraper.exceptions import UserInputError
from tools.commands._text import write

_PROGRAM = Path(__file__).resolve().parents[1] / "process.py"
#: Where click looks for the question, by the name under which `main` runs.
_VARIABLE = "_PROCESS_PY_COMPLETE"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

# Names come from the site, and what is completed is run with Enter: an unquoted word is escaped by %q, in quotes only
# what has no meaning there is offered. Bash breaks words at colons, which a query has: they are joined, and of an
# answer only what is behind the last colon is handed back.
_BASH = r"""command -v @NAME@ >/dev/null 2>&1 || @NAME@() { @COMMAND@ "$@"; }

@FUNCTION@() {
    local IFS=$'\n' words=() here=-1 index word joined=''
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ $word == *: && ${word//:/} == '' && $here -gt 0 ]]; then
            words[here]+=$word joined=yes
        elif [[ $joined ]]; then
            words[here]+=$word joined=''
        else
            words[++here]=$word
        fi
    done
    local current=${words[here]} kind value before
    before=${current%"${current##*:}"}
    [[ $current == [\"\']* || $COMP_WORDBREAKS != *:* ]] && before=''
    COMPREPLY=()
    while IFS=',' read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                case $current in
                    \"*) [[ $value == *[\"\`\$\\!]* ]] && continue ;;
                    \'*) [[ $value == *\'* ]] && continue ;;
                    *) printf -v value %q "${value#"$before"}" ;;
                esac
                COMPREPLY+=("$value")
                ;;
        esac
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$here @VARIABLE@=bash_complete @COMMAND@ 2>/dev/null)
}

complete -o nosort -F @FUNCTION@ @NAME@
"""

_ZSH = r"""#compdef @NAME@
(( $+commands[@NAME@] )) || @NAME@() { @COMMAND@ "$@" }

@FUNCTION@() {
    local -a answer plain
    local kind value help
    export COMP_WORDS="${(j: :)words}" COMP_CWORD=$((CURRENT - 1))
    answer=("${(@f)$(@VARIABLE@=zsh_complete @COMMAND@ 2>/dev/null)}")
    unset COMP_WORDS COMP_CWORD
    for kind value help in "${answer[@]}"; do
        case $kind in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain) plain+=("$value") ;;
        esac
    done
    # compadd quotes what it inserts.
    (( $#plain )) && compadd -V answers -a plain
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    @FUNCTION@ "$@"
else
    compdef @FUNCTION@ @NAME@
fi
"""

_FISH = r"""type -q @NAME@; or function @NAME@
    @COMMAND@ $argv
end

function @FUNCTION@
    set -l line (commandline --current-process --cut-at-cursor | string collect)
    set -l word (commandline --current-token --cut-at-cursor | string collect)
    # fish escapes what it inserts.
    for answer in (COMP_WORDS=$line COMP_CWORD=$word @VARIABLE@=fish_complete @COMMAND@ 2>/dev/null)
        set -l parts (string split --max 1 , -- $answer)
        switch $parts[1]
            case dir
                __fish_complete_directories $word
            case file
                __fish_complete_path $word
            case plain
                echo $parts[2]
        end
    end
end

complete --no-files --command @NAME@ --arguments '(@FUNCTION@)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def write_script(shell: str, name: str) -> None:
    """Write the script of a shell to stdout.

    Args:
        shell: `bash`, `zsh` or `fish`.
        name: what is typed instead of the program's path.

    Raises:
        UserInputError: the name is none that every shell takes.
    """
    if not _NAME.fullmatch(name):
        raise UserInputError(f"--name {name!r}: use letters, digits, dots, dashes and underscores")
    words = [sys.executable, str(_PROGRAM)]
    given = {
        "NAME": name,
        "FUNCTION": f"_{re.sub('[^A-Za-z0-9]', '_', name)}_completion",
        "COMMAND": shlex.join(words),
        "VARIABLE": _VARIABLE,
    }
    write(re.sub("@([A-Z]+)@", lambda match: given[match[1]], _SCRIPTS[shell]))
