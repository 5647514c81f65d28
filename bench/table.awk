# Lines of "case label IOPS MB/s us": a table of medians, one row a case, with ratios to the first label.
# -v labels="a b c" gives the columns; -v keep=REGEX or -v skip=REGEX chooses cases.

function median(values,   list, n, i, j, swap) {
  n = split(values, list, " ")
  for (i = 2; i <= n; i++)
    for (j = i; j > 1 && list[j - 1] + 0 > list[j] + 0; j--) { swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap }
  return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

(keep != "" && $1 !~ keep) || (skip != "" && $1 ~ skip) { next }

{
  if (!($1 in seen)) { seen[$1]; order[++cases] = $1 }
  if ($3 == "failed") next
  iops[$1, $2] = iops[$1, $2] " " $3
  mbs[$1, $2] = mbs[$1, $2] " " $4
  cpu[$1, $2] = cpu[$1, $2] " " $5
}

END {
  count = split(labels, label, " ")
  if (cases == 0) exit
  printf "%-26s %-16s %9s %8s %9s  %s\n", "case", "with", "IOPS", "MB/s", "CPU us", "IOPS and CPU, " label[1] " to this"
  for (c = 1; c <= cases; c++) {
    name = order[c]
    for (i = 1; i <= count; i++) {
      key = name SUBSEP label[i]
      if (!(key in iops)) { if (label[i] != "tcp-echo") printf "%-26s %-16s %9s\n", (i == 1 ? name : ""), label[i], "-"; continue }
      line = sprintf("%-26s %-16s %9.0f %8.1f %9.1f", (i == 1 ? name : ""), label[i], median(iops[key]), median(mbs[key]), median(cpu[key]))
      first = name SUBSEP label[1]
      if (i > 1 && (first in iops))
        line = line sprintf("  %.2f x, %.2f x", median(iops[first]) / median(iops[key]), (median(cpu[key]) > 0 ? median(cpu[first]) / median(cpu[key]) : 0))
      print line
    }
  }
}
