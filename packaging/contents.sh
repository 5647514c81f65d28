# shellcheck shell=sh
# Sourced, and called at the top of the tree: the one list of what is installed beside the program.
# Files are found by their directories, so that a new page or script needs no line here.

# contents FUNCTION: calls FUNCTION SOURCE DESTINATION MODE for each file, its destination below a prefix.
contents() {
  for file in cli/wrappers/* cli/d/*.d man/*.[1-9] completions/* docs/*.conf packaging/prometheus/* tests/Recordings/*.rec tests/Captures/*.pcap tests/Captures/*.pcapng; do
    [ ! -f "$file" ] || content "$1" "$file" "${file##*/}"
  done
}

content() {
  case $2 in
    *.cmd) ;; # for Windows
    cli/wrappers/*) "$1" "$2" "bin/$3" 755 ;;
    cli/d/*) "$1" "$2" "share/iscsitop/d/$3" 755 ;;
    man/*) "$1" "$2" "share/man/man${3##*.}/$3" 644 ;;
    docs/*) "$1" "$2" "share/iscsitop/$3" 644 ;;
    packaging/prometheus/*) "$1" "$2" "share/iscsitop/prometheus/$3" 644 ;;
    tests/*) "$1" "$2" "share/iscsitop/examples/$3" 644 ;; # what the cookbook asks
    completions/*.bash) completion "$1" "$2" share/bash-completion/completions '' ;;
    completions/*.fish) completion "$1" "$2" share/fish/vendor_completions.d .fish ;;
    completions/_*) "$1" "$2" "share/zsh/site-functions/$3" 644 ;;
  esac
}

# bash and fish look for a file named as the command; the first line of zsh's names them all.
completion() {
  "$1" "$2" "$3/iscsitop$4" 644
  for wrapper in cli/wrappers/*; do
    case $wrapper in
      *.cmd) ;;
      *) "$1" "$2" "$3/${wrapper##*/}$4" 644 ;;
    esac
  done
}

# services FUNCTION BINDIR SCRATCH: as contents, what a system with systemd has too; units start programs in BINDIR.
services() {
  for file in systemd/*.service; do
    sed "s|/usr/local/bin/|$2/|" "$file" >"$3"
    "$1" "$3" "lib/systemd/system/${file##*/}" 644
  done
  "$1" systemd/iscsitop.sysusers lib/sysusers.d/iscsitop.conf 644
  "$1" systemd/iscsitop.tmpfiles lib/tmpfiles.d/iscsitop.conf 644
}
