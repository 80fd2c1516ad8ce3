# Completion of turnoutctl and turnout-ipvsadm for bash. turnoutctl itself knows what could come next, and asks the running turnoutd for
# names. To load it: source <(turnoutctl completion bash)
# shellcheck shell=bash

_turnoutctl() {
  # Readline splits words at : and = as well: put them together again, up to the cursor.
  local rest=${COMP_LINE:0:COMP_POINT} words=() trimmed i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    if [ "$i" -eq 0 ] || [ "$trimmed" != "$rest" ]; then words+=(""); fi
    if [ "$i" -eq "$COMP_CWORD" ]; then
      words[-1]+=$trimmed
    else
      words[-1]+=${COMP_WORDS[i]}
      rest=${trimmed#"${COMP_WORDS[i]}"}
    fi
  done

  # What stands before the last : or = is on the line already, and is no part of what readline puts in.
  local current=${words[-1]} kept="" candidate
  if [[ $current == *[:=]* && $COMP_WORDBREAKS == *[:=]* ]]; then kept=${current%"${current##*[:=]}"}; fi
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    if [ "$candidate" = :files ]; then
      compopt -o filenames 2>/dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
    else
      COMPREPLY+=("${candidate#"$kept"}")
    fi
  done < <("${COMP_WORDS[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
}

complete -F _turnoutctl turnoutctl turnout-ipvsadm turnout-ipvsadm-save
