# Completion of mutexctl for bash; made by `mutexctl completion bash`.
_mutexctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command= word words=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "$command:$word" in
      ':list' | ':get' | ':find' | ':create' | ':update' | ':slot' | 'slot:set' | 'slot:add' | 'slot:remove' | 'slot:move' | ':archive' | ':unarchive' | ':policy' | 'policy:check' | ':audit' | 'audit:show' | ':health' | ':completion') command="${command:+$command }$word" ;;
    esac
  done
  COMPREPLY=()
  case "$previous" in
    --rpc) COMPREPLY=($(compgen -W 'ListMutexGroups GetMutexGroup BatchGetMutexGroups CreateMutexGroup UpdateMutexGroup UpdateSlot AddSlotMembers RemoveSlotMembers MoveSlotMembers ArchiveMutexGroup UnarchiveMutexGroup' -- "$current")); return ;;
    --tls) COMPREPLY=($(compgen -W 'on off' -- "$current")); return ;;
    --evaluation-mode) COMPREPLY=($(compgen -W 'remote local' -- "$current")); return ;;
    --output | -o) COMPREPLY=($(compgen -W 'table json yaml' -- "$current")); return ;;
    --amplitude-key-file | --file | --tls-ca-file | --tls-cert-file | --tls-key-file | -f) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
    --bucketing-key | --bucketing-salt | --caller | --description | --etag | --experiment | --group | --group-key | --holdout | --individual | --key | --limit | --max-staleness | --name | --principal | --project | --request-id | --server | --since | --slot | --timeout | --tls-server-name) return ;;
  esac
  case "$command" in
    '') words='list get find create update slot archive unarchive policy audit health completion -h --help --version --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'list') words='-h --help --project --key --show-archived --max-staleness --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'get') words='-h --help --key --max-staleness --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'find') words='-h --help --experiment --holdout --individual --show-archived --max-staleness --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'create') words='-h --help -f --file --project --name --key --description --evaluation-mode --bucketing-key --bucketing-salt --slot --request-id --dry-run --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'update') words='-h --help -f --file --name --description --etag --dry-run --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'slot') words='set add remove move -h --help --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'slot set') words='-h --help --experiment --holdout --individual --etag --dry-run --clear-experiments --clear-holdouts --clear-individuals --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'slot add') words='-h --help --experiment --holdout --individual --etag --dry-run --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'slot remove') words='-h --help --experiment --holdout --individual --etag --dry-run --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'slot move') words='-h --help --experiment --holdout --individual --etag --dry-run --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'archive') words='-h --help -y --yes --etag --dry-run --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'unarchive') words='-h --help --etag --dry-run --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'policy') words='check -h --help --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'policy check') words='-h --help -f --file --principal --rpc --group-key --project --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'audit') words='show -h --help --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'audit show') words='-h --help --group --caller --since --limit --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'health') words='-h --help --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
    'completion') words='bash zsh fish -h --help --server --tls --tls-ca-file --tls-cert-file --tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _mutexctl mutexctl
