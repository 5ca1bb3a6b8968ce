# SPDX-License-Identifier: MIT
# How the growth of the region map's operations looks. Expects `data`, a folder with a file for each operation:
# regions, then nanoseconds by libpv, by one tree and by three trees.

set terminal svg size 1080,900 font 'DejaVu Sans,Helvetica,sans-serif,12' background '#ffffff' linewidth 1.2
set output

# Colours that stay apart for colour-blind eyes (Okabe and Ito).
array colours[3] = ['#0072B2', '#D55E00', '#009E73']
array who[3] = ['libpv', 'one red-black tree, by GPA', 'three red-black trees']

set border 3 linecolor '#555555'
set tics nomirror out textcolor '#333333'
set grid xtics ytics linecolor '#dddddd' linetype 1
set logscale x 2
set xrange [56:37000]
set xtics ('64' 64, '' 128, '256' 256, '' 509, '1,024' 1024, '' 2048, '4,096' 4096, '' 8192, '' 16384, '32,768' 32768)
set yrange [0:*]
set datafile missing '-'
set nokey

set multiplot layout 3,3 margins 0.06,0.96,0.05,0.91 spacing 0.07,0.08 \
    title "Growth of the region map: nanoseconds by number of regions" font ',17'
names = 'gpa id va add remove move flags hole iterate'
titles = '"find by GPA" "find by id" "find by VA" "add" "remove" "move" "set flags" "next hole" "iterate, each region"'
do for [i = 1:9] {
    set title word(titles, i)
    if (i == 1) { set key top left Left reverse samplen 2 } else { set nokey }
    plot for [n = 1:3] sprintf('%s/%s', data, word(names, i)) using 1:(column(n + 1) / 1000) \
         with linespoints linewidth 1.5 pointtype 7 pointsize 0.4 linecolor rgb colours[n] title who[n]
}
unset multiplot
