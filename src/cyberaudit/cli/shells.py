"""The scripts by which bash, zsh and fish ask the program what may come next."""

import shlex

_BASH = r"""# Complétion de cyberaudit pour bash (4.4 ou plus récent).
# À mettre dans ~/.bashrc :   eval "$(cyberaudit completion bash)"
_cyberaudit() {
    local rest="${COMP_LINE:0:COMP_POINT}" before word i
    local -a words=()
    # bash coupe les mots à « = » et à « : » ; le programme les veut entiers.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        before=${rest%%[![:space:]]*}
        rest=${rest#"$before"}
        word=$rest
        if ((i < COMP_CWORD)); then
            word=${COMP_WORDS[i]}
            rest=${rest#"$word"}
        fi
        if [[ $i -gt 0 && -z $before ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    local current=${words[-1]} kept="" breaks=${COMP_WORDBREAKS//[!=:]/}
    # Ce qui précède la dernière coupure est déjà sur la ligne.
    [[ -n $breaks ]] && kept=${current%"${current##*[$breaks]}"}
    local answer value second third path
    answer=$(@PROGRAM@ next-words -- "${words[@]:1}" 2>/dev/null) || return 0
    COMPREPLY=()
    while IFS=$'\t' read -r value second third; do
        if [[ $value == :files ]]; then
            compopt -o filenames 2>/dev/null
            local -a found=()
            path=${current#"$third"}
            case $second in
                /) mapfile -t found < <(compgen -d -- "$path") ;;
                \*) mapfile -t found < <(compgen -f -- "$path") ;;
                *) mapfile -t found < <(compgen -f -X "!$second" -- "$path"; compgen -d -- "$path") ;;
            esac
            for path in "${found[@]}"; do
                path=$third$path
                COMPREPLY+=("${path#"$kept"}")
            done
            ((${#COMPREPLY[@]})) || compopt -o default 2>/dev/null
        elif [[ -n $value ]]; then
            [[ $value == *: ]] && compopt -o nospace 2>/dev/null
            COMPREPLY+=("${value#"$kept"}")
        fi
    done <<<"$answer"
}
complete -F _cyberaudit cyberaudit
"""

_ZSH = r"""#compdef cyberaudit
# Complétion de cyberaudit pour zsh.
# À mettre dans ~/.zshrc, après « compinit » :   eval "$(cyberaudit completion zsh)"
_cyberaudit() {
    local answer line value current="${(Q)PREFIX}"
    local -a typed fields plain open
    (( CURRENT > 2 )) && typed=("${(@Q)words[2,CURRENT-1]}")
    answer=$(@PROGRAM@ next-words -- "${typed[@]}" "$current" 2>/dev/null) || return 1
    local failed=1 pattern=""
    for line in "${(@f)answer}"; do
        fields=("${(@ps:\t:)line}")
        value=$fields[1]
        if [[ $value == :files ]]; then
            pattern=$fields[2]
            compset -P "${(b)fields[3]}"
        elif [[ $value == *: ]]; then
            open+=("${value//:/\\:}:$fields[2]")
        elif [[ -n $value ]]; then
            plain+=("${value//:/\\:}:$fields[2]")
        fi
    done
    (( $#plain )) && _describe -t values 'suite' plain && failed=0
    (( $#open )) && _describe -t values 'suite' open -S '' && failed=0
    case $pattern in
        '') ;;
        /) _files -/ && failed=0 ;;
        \*) _files && failed=0 ;;
        *) _files -g "$pattern" && failed=0 ;;
    esac
    return failed
}
# Lu par « fpath » ou par « eval » : les deux conviennent.
if [[ ${funcstack[1]} == _cyberaudit ]]; then
    _cyberaudit "$@"
else
    compdef _cyberaudit cyberaudit
fi
"""

_FISH = r"""# Complétion de cyberaudit pour fish.
# Une fois pour toutes :   cyberaudit completion fish > ~/.config/fish/completions/cyberaudit.fish
function __cyberaudit_next
    set -l typed (commandline -opc)
    set -e typed[1]
    set -l current (commandline -ct)
    for line in (@PROGRAM@ next-words -- $typed "$current" 2>/dev/null)
        set -l fields (string split \t -- $line)
        if test "$fields[1]" != :files
            printf '%s\n' $line
            continue
        end
        set -l before "$fields[3]"
        set -l path (string sub -s (math (string length -- "$before") + 1) -- "$current")
        for found in (__fish_complete_path "$path" | string split -f 1 \t)
            # Un dossier mène aux fichiers qu'il contient.
            if string match -q -- '*/' $found; or string match -q -- $fields[2] $found
                printf '%s%s\n' $before $found
            end
        end
    end
end
complete -c cyberaudit -f -a '(__cyberaudit_next)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
"""Shell → its script, `@PROGRAM@` standing for how the program is called."""


def script(shell: str, *, program: str) -> str:
    """The script of one of `SCRIPTS`; `program` is a name or a path, quoted here."""
    return SCRIPTS[shell].replace("@PROGRAM@", shlex.quote(program))
