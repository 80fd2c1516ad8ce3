#compdef turnoutctl turnout-ipvsadm turnout-ipvsadm-save
# Completion of turnoutctl and turnout-ipvsadm for zsh. turnoutctl itself knows what could come next, and asks the running turnoutd for
# names. To load it: source <(turnoutctl completion zsh), after compinit.

_turnoutctl() {
  local -a lines candidates
  local line name note files
  lines=("${(@f)$("${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  for line in "${lines[@]}"; do
    if [[ $line == :files ]]; then
      files=yes
    elif [[ -n $line ]]; then
      name=${line%%$'\t'*}
      note=${line#*$'\t'}
      candidates+=("${name//:/\\:}${note:+:$note}")
    fi
  done
  [[ -n $files ]] && _files
  (( ${#candidates} )) && _describe -V turnoutctl candidates
}

if [[ ${funcstack[1]} == _turnoutctl ]]; then
  _turnoutctl "$@"
else
  compdef _turnoutctl turnoutctl turnout-ipvsadm turnout-ipvsadm-save
fi
