# SPDX-License-Identifier: MIT
# Lists the files that docs/ABI describes, of CPUs 0 and 1: PATH, "root" or "all", errors allowed.
function finish(   i, cpu, path, who) {
	for (i = 1; i <= paths; i++) {
		for (cpu = 0; cpu < 2; cpu++) {
			path = named[i]
			who = only[i] || text ~ /root only/ ? "root" : "all"
			if (!sub(/cpuN/, "cpu" cpu, path) && cpu) continue
			print path, who errors()
		}
	}
	paths = 0
	text = folder = ""
}
function errors(   all, n, i, list) {
	n = split("ENODEV EOPNOTSUPP EACCES EIO", all, " ")
	for (i = 1; i <= n; i++) if (text ~ all[i]) list = list " " all[i]
	return list
}
function add(path) {
	if (path ~ /\/$/) folder = path
	else named[++paths] = path
	only[paths] = 0
}
$1 == "What:" { finish(); add($2); next }
/^\t\t\/sys/ { add($1); next }
{ text = text " " $0 }
folder && /^\t\t[a-z_0-9]+\t/ { add(folder $1) }
folder && /only root/ && paths { only[paths] = 1 }
END { finish() }
