# SPDX-License-Identifier: 0BSD OR MIT
# Of the tables in @results, to @output
set terminal svg size 960,400 font "sans-serif,12" background "white"
set output output
set multiplot layout 1,2
set key left top
set grid
set datafile missing NaN
set style data linespoints

set title "Build and enforce N path rules"
set xlabel "rules"
set ylabel "microseconds a rule, with the fixed calls"
set logscale x
set yrange [0:4]
set format x "10^%T"
plot results."/rules" using (stringcolumn(1) eq "path" && $2 > 0 ? $2 : NaN):($3 / $2) title "liblandlock" pointtype 7, \
	results."/rules" using (stringcolumn(1) eq "path" && $2 > 0 ? $2 : NaN):($4 / $2) title "by hand" pointtype 6 dashtype 2

set title "open and close, 10 rules"
set xlabel "directories below the granted one"
set ylabel "nanoseconds"
unset logscale
set format x "%g"
set yrange [0:*]
plot results."/opens" using 1:($2 == 1 ? $3 : NaN) title "no sandbox" pointtype 6 dashtype 2, \
	for [layers in "1 4 16"] results."/opens" using 1:($2 == layers + 0 ? $5 : NaN) title "layers: ".layers pointtype 7
unset multiplot
