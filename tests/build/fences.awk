# SPDX-License-Identifier: MIT
# A disassembly (objdump or llvm-objdump, no raw bytes) of x86-64, arm64 or riscv64 as a line for each function: its name, then what
# orders memory and what is ordered, in the order of the code: loads as L and their bytes, fences, counter, exclusives, store-releases.
# Loads from the stack are left out: they are the function's own.

function token(text) { line = line text " " }

function finish() {
	if (name != "") print name, line
	line = ""
}

# x86: what is loaded is as wide as its register, the suffix, or for MOVZ the letter behind it.
function x86_width(mnemonic, operands) {
	if (mnemonic ~ /^mov[sz]b/) return 1
	if (mnemonic ~ /(cmp|test|add|mov|and|or|xor|sub|i?mul)b$/) return 1
	if (mnemonic ~ /(cmp|test|add|mov|and|or|xor|sub|i?mul)l$/) return 4
	if (mnemonic ~ /(cmp|test|add|mov|and|or|xor|sub|i?mul)q$/) return 8
	if (operands ~ /%e[a-ds]|%r[0-9]+d/) return 4
	if (operands ~ /%[a-d]l|%[sd]il|%r[0-9]+b/) return 1
	return 8
}

function x86(mnemonic, operands,    rest) {
	if (mnemonic == "lfence" || mnemonic == "rdtsc") { token(mnemonic); return }
	if (mnemonic ~ /^cmpxchg/ || (mnemonic == "lock" && operands ~ /cmpxchg/)) { token("exchange"); return }
	if (operands !~ /\(%r/ || operands ~ /\(%rsp\)|-0x[0-9a-f]+\(%rbp\)/ || mnemonic ~ /^(lock|lea|nop|set|call|jmp)/) return
	rest = operands
	gsub(/\([^)]*\)/, "(", rest)
	# The last operand is written to, unless it is only compared or multiplied with.
	if (mnemonic !~ /^(cmp|test|mul)/ && rest !~ /\(.*,/) return
	gsub(/[-0-9a-fx]*\([^)]*\)/, "", operands)
	token("L" x86_width(mnemonic, operands))
}

function arm64(mnemonic, operands) {
	if (mnemonic == "dmb" || mnemonic == "dsb") token(mnemonic "_" operands)
	else if (mnemonic == "isb" || mnemonic ~ /^(ldaxr|stlxr|stlr)$/) token(mnemonic)
	else if (mnemonic == "mrs" && tolower(operands) ~ /cntvct/) token("counter")
	else if (mnemonic == "ldar") token("ldar")
	else if (mnemonic ~ /^ldu?rs?b$/) token("L1")
	else if (mnemonic ~ /^ldu?r$/ && operands !~ /\[(sp|x29)/) token(operands ~ /^w/ ? "L4" : "L8")
}

function riscv64(mnemonic, operands) {
	gsub(/ /, "", operands)
	if (mnemonic == "fence") token("fence_" operands)
	else if (mnemonic == "rdtime" || (mnemonic == "csrr" && operands ~ /time/)) token("counter")
	else if (mnemonic ~ /^(lr|sc)\./) token(mnemonic)
	else if (operands !~ /\(sp\)$/) {
		if (mnemonic ~ /^lbu?$/) token("L1")
		else if (mnemonic ~ /^lwu?$/) token("L4")
		else if (mnemonic == "ld") token("L8")
	}
}

# Labels inside a function begin with .L.
/^[0-9a-f]+ <[^.].*>:$/ { finish(); name = substr($2, 2, length($2) - 3); next }
/^[0-9a-f]+ <.*>:$/ { next }
/^ *[0-9a-f]+:/ {
	sub(/^ *[0-9a-f]+:[ \t]*/, "")
	sub(/[ \t]*(#|\/\/|;|<).*/, "")
	mnemonic = $1
	operands = $0
	sub(/^[^ \t]+[ \t]*/, "", operands)
	if (arch == "x86_64") x86(mnemonic, operands)
	else if (arch == "aarch64") arm64(mnemonic, operands)
	else riscv64(mnemonic, operands)
}
END { finish() }
