# bash completion for iscsitop, iscsisnoop and iscsitrace

_iscsitop() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' w options
    [ "${COMP_WORDS[0]##*/}" = iscsisnoop ] && command=snoop
    [ "${COMP_WORDS[0]##*/}" = iscsitrace ] && command=trace
    for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $w in snoop|trace|sessions|list|engine|record|metrics|diff|check|target|config|demo) command=$w ;; esac
    done
    case $command:$before in
        :--view|demo:--view) mapfile -t COMPREPLY < <(compgen -W 'lun initiator session target opcode heat errors pattern tmf findings' -- "$word"); return ;;
        :--heat|demo:--heat) mapfile -t COMPREPLY < <(compgen -W 'lat rd1 hst svc nop' -- "$word"); return ;;
        :-o|:--output) mapfile -t COMPREPLY < <(compgen -W 'table csv json ndjson md' -- "$word"); return ;;
        :-d) mapfile -t COMPREPLY < <(compgen -W 'u d' -- "$word"); return ;;
        :-m|:--unit|demo:-m|demo:--unit) mapfile -t COMPREPLY < <(compgen -W 'us ms s' -- "$word"); return ;;
        :--color|demo:--color) mapfile -t COMPREPLY < <(compgen -W 'auto always never 16 256 true' -- "$word"); return ;;
        :--names|snoop:--names|demo:--names) mapfile -t COMPREPLY < <(compgen -W 'iqn beginning alias ip' -- "$word"); return ;;
        :--prometheus-token-file) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        *:--config) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        snoop:-o|snoop:--output) mapfile -t COMPREPLY < <(compgen -W 'table csv json ndjson md parquet' -- "$word"); return ;;
        trace:-n|trace:-P|trace:-m|trace:-f|trace:-p|trace:-x|trace:-b|trace:-D|trace:-U) return ;;
        trace:-s) mapfile -t COMPREPLY < <(compgen -f -X '!*.d' -- "$word"); return ;;
        trace:-o) mapfile -t COMPREPLY < <(compgen -f -- "$word"; compgen -W ndjson -- "$word"); return ;;
        trace:-I|trace:-L) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
        trace:-c) mapfile -t COMPREPLY < <(compgen -c -- "$word"); return ;;
        check:-o|check:--output) mapfile -t COMPREPLY < <(compgen -W 'line json' -- "$word"); return ;;
        check:-w|check:--warning|check:-c|check:--critical) return ;;
        *:-r|*:--read|*:-w|*:--write|snoop:--into) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        *:-i|*:--interface) mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net 2>/dev/null) any" -- "$word"); return ;;
        sessions:-o|sessions:--output) mapfile -t COMPREPLY < <(compgen -W 'table csv json ndjson md' -- "$word"); return ;;
        list:-o|list:--output) mapfile -t COMPREPLY < <(compgen -W 'table csv json ndjson md' -- "$word"); return ;;
        diff:--view) mapfile -t COMPREPLY < <(compgen -W 'lun initiator opcode' -- "$word"); return ;;
        diff:-o|diff:--output) mapfile -t COMPREPLY < <(compgen -W 'table json csv ndjson md' -- "$word"); return ;;
        target:--state-dir) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
        target:--log-level|engine:--log-level) mapfile -t COMPREPLY < <(compgen -W 'trace debug info warn error none' -- "$word"); return ;;
        :-s|:-S|:-F|:--fields|demo:-s|demo:-S|demo:-F|demo:--fields) mapfile -t COMPREPLY < <(compgen -W "$(iscsitop --list-fields 2>/dev/null | cut -d ' ' -f 1)" -- "$word"); return ;;
    esac
    case $command in
        snoop) options='--list-fields --pdu --op --slow -c --fail-if --fail-count -x --extended -T -H -o --output -j --into --rotate --names --config -Y --filter -p --pid --lun --target --initiator -i --interface -r --read --realtime --port --alias -w --write -f --snaplen --buffer --headers-only --anonymize -h --help' ;;
        trace) options='-n -s -P -m -f -i -r -p -c -o -q -x -b -Z -e -l -v -C -D -U -I -H -w -F -L -S -X -32 -64 --realtime --port --alias --bpf --snaplen --buffer -V -h --help' ;;
        sessions) options='--list-fields -X --extended --card -o --output -j -p --pid --target --initiator -i --interface -r --read --realtime --port --alias -w --write -f --snaplen --buffer --headers-only --anonymize -h --help' ;;
        list) options='-p --pid -l --probes -o --output -j --list-fields -i --interface -r --read --realtime --port --alias -w --write -f --snaplen --buffer --headers-only --anonymize -h --help' ;;
        target) options='--portal --name --lun --config --check-config --drain --state-dir --metrics --log-level --insecure-allow-remote -h --help' ;;
        engine) options='-i --interface --port --alias -w --write -f --snaplen --buffer --headers-only --anonymize --log-level -h --help' ;;
        record) options='-p --pid --budget --rotate --max-size --max-age --events -i --interface -r --read --realtime --port --alias -w --write -f --snaplen --buffer --headers-only --anonymize -h --help' ;;
        metrics) options='--listen --otlp --max-series --metrics-by --pdus -p --pid -i --interface -r --read --realtime --port --alias -w --write -f --snaplen --buffer --headers-only --anonymize -h --help' ;;
        diff) options='--view --from --to --from-b --to-b -n -o --output --fail-if --list-fields -h --help' ;;
        check) options='-w --warning -c --critical --over --min-n -o --output --list-fields -Y --filter -p --pid --lun --target --initiator -i --interface -r --read --realtime --port --alias -f --snaplen --buffer -h --help' ;;
        config) options='--config --default -h --help' ;;
        demo) options='-b --batch --view -s -S -n -F --fields --list-fields -X --extended --decompose --heat --align -m --unit -B --color --ascii --names --config -h --help' ;;
        *) options='-b --batch -c --view -s -S -n -F --fields --list-fields -X --extended --decompose --heat --align -o --output -j -d -m --unit -B -y --fail-if --color --ascii --names --config -Y --filter -p --pid --lun --target --initiator -i --interface -r --read --realtime --port --alias -w --write -f --snaplen --buffer --headers-only --anonymize --prometheus --prometheus-token-file --prometheus-timeout --host -h --help -V --version snoop trace sessions list engine record metrics diff check target config demo' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}

complete -o default -F _iscsitop iscsitop iscsisnoop iscsitrace
