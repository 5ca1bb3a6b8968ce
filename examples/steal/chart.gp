# SPDX-License-Identifier: MIT
# How the chart looks. Expects `data`, a folder with the files guestN and perhaps hostN, and `top`,
# the largest N.

set terminal svg size 960,640 font 'DejaVu Sans,Helvetica,sans-serif,13' background '#ffffff' linewidth 1.2
set output

# Colours that stay apart for colour-blind eyes (Okabe and Ito).
array colours[8] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#999999']
colour(n) = colours[int(n) % 8 + 1]
# Lines that lie upon each other are all seen.
width(n) = 1.2 + 3.0 / (n + 1)
guest(n) = sprintf('%s/guest%d', data, n)
host(n) = sprintf('%s/host%d', data, n)
has_data(file) = int(system(sprintf("test -s '%s' && echo 1 || echo 0", file)))
truth = has_data(host(0))

set border 3 linecolor '#555555'
set tics nomirror out textcolor '#333333'
set grid xtics ytics linecolor '#dddddd' linetype 1
set lmargin 10
set rmargin 4
set key above left Left reverse samplen 2.5 maxrows 2
set xrange [0:*]

set multiplot layout 2,1 title "Time stolen from each virtual processor" font ',17'

set ylabel 'stolen share'
set yrange [0:100]
set ytics 25
set format y '%.0f %%'
plot for [n = 0:top] guest(n) using 1:2 with lines linewidth width(n) linecolor rgb colour(n) \
         title sprintf('VP %d, read by the guest', n), \
     for [n = 0:(truth ? top : -1)] host(n) using 1:2 with points pointtype 6 pointsize 0.7 \
         linecolor rgb colour(n) title sprintf('VP %d, run delay by its host', n)

set ylabel 'stolen in all'
set xlabel 'seconds of the guest'
set yrange [0:*]
set ytics autofreq
set format y '%.1f s'
set nokey
plot for [n = 0:top] guest(n) using 1:3 with lines linewidth width(n) linecolor rgb colour(n), \
     for [n = 0:(truth ? top : -1)] host(n) using 1:3 with points pointtype 6 pointsize 0.7 \
         linecolor rgb colour(n)
unset multiplot
