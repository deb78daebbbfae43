#!/bin/sh
# Makes nbgrader's exchange for one course, as the user who runs this: the grading user.
#
#   exchange.sh /srv/autograder/exchange ridge-to-bayes
#
# nbgrader would make the same directories, and lets everyone write to the first and the last. The sticky bit (the 1 in
# 1777, the 1 of the 3 in 3733) keeps it from being enough to rename or remove what is another's: all of a course in the
# first, submissions in the last. inbound cannot be listed, so names in it stay unknown; its set-group-id bit gives
# submissions the grading user's group.
set -eu
[ $# -eq 2 ] || { echo "usage: exchange.sh DIRECTORY COURSE" >&2; exit 2; }
install -d -m 1777 "$1"
install -d -m 0755 "$1/$2" "$1/$2/outbound"
install -d -m 3733 "$1/$2/inbound"
install -d -m 0711 "$1/$2/feedback"
